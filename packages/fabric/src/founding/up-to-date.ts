import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hubSite, writeJwt } from '@causeway/identity';
import type { Bootstrap } from '@causeway/registry';
import { fabricLayout } from '../layout.ts';
import { readClaims, trustedIssuers } from '../recovery/resolvers.ts';
import { FabricError } from '../settings.ts';

/**
 * Adds to a fabric's folder what Causeway did not write there from the first: CONTROL's claims, without which a site
 * cannot be revoked, and what a site needs to join. Changes nothing where they are there, or where the hub's folder is not: a registry without them
 * says so when it needs them. The format stays, since an earlier Causeway reads the folder as before.
 */
export async function bringUpToDate(dir: string): Promise<void> {
  await showAuthority(dir);
  await giveOperatorJwt(dir);
  await addControlClaims(dir);
}

const readOr = (file: string) => readFile(file, 'utf8').catch(() => undefined);

/** Has the hub's server show its authority, by which a site that joins knows it. */
async function showAuthority(dir: string): Promise<void> {
  const layout = fabricLayout(dir);
  const file = path.join(layout.site(hubSite).nats, 'tls', 'server.pem');
  const [shown, ca] = [await readOr(file), await readOr(layout.ca)];
  if (shown === undefined || ca === undefined || shown.includes(ca.trim())) return;
  await writeJwt(file, `${shown.trimEnd()}\n${ca}`);
}

/** The registry hands it to sites that join. */
async function giveOperatorJwt(dir: string): Promise<void> {
  const layout = fabricLayout(dir);
  const file = path.join(layout.registry, 'operator.jwt');
  if ((await readOr(layout.bootstrap)) === undefined || (await readOr(file)) !== undefined) return;
  const jwt = await readOr(path.join(layout.operator, 'operator.jwt'));
  if (jwt !== undefined) await writeJwt(file, jwt);
}

async function addControlClaims(dir: string): Promise<void> {
  const { bootstrap: file } = fabricLayout(dir);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return;
  let bootstrap: Bootstrap;
  try {
    bootstrap = JSON.parse(text) as Bootstrap;
  } catch {
    throw new FabricError(`${file} is not JSON; restore it from a backup`);
  }
  if (bootstrap.controlJwt !== undefined) return;
  const trusted = await trustedIssuers(dir).catch((error: unknown) => {
    if (error instanceof FabricError) return new Set<string>();
    throw error;
  });
  const standing = (await readClaims(dir, trusted)).of(bootstrap.control, hubSite);
  if (!standing) return;
  const controlJwt = standing.jwt;
  await writeJwt(file, `${JSON.stringify({ ...bootstrap, controlJwt }, null, 2)}\n`);
}
