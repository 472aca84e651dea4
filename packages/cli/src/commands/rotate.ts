import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addRotateService } from './rotate-service.ts';
import { addRotateSigning } from './rotate-signing.ts';
import { addRotateSite } from './rotate-site.ts';

/** `causeway rotate` */
export function addRotate(program: Command, context: Context): void {
  const rotate = program.command('rotate').description('replace keys while everything runs');
  addRotateService(rotate, context);
  addRotateSite(rotate, context, 'gateway');
  addRotateSite(rotate, context, 'leaf');
  addRotateSigning(rotate, context);
}
