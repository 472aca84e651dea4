import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addSiteRemove } from './site-remove.ts';
import { addSiteRestore } from './site-restore.ts';

/** `causeway site` */
export function addSite(program: Command, context: Context): void {
  const site = program.command('site').description('sites of the fabric');
  addSiteRemove(site, context);
  addSiteRestore(site, context);
}
