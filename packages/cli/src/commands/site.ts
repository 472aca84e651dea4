import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addSiteInvite } from './site-invite.ts';
import { addSiteJoin } from './site-join.ts';
import { addSiteRemove } from './site-remove.ts';
import { addSiteRestore } from './site-restore.ts';
import { addSiteUninvite } from './site-uninvite.ts';

/** `causeway site` */
export function addSite(program: Command, context: Context): void {
  const site = program.command('site').description('sites of the fabric');
  addSiteInvite(site, context);
  addSiteJoin(site, context);
  addSiteUninvite(site, context);
  addSiteRemove(site, context);
  addSiteRestore(site, context);
}
