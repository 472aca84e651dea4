import { fabricLayout, readSite, siteUrl } from '@causeway/fabric';
import { type Causeway, connect } from '@causeway/sdk';
import { type Credentials, readCreds, siteOf } from '@causeway/transport';
import type { Context } from './context.ts';
import { CommandFailure } from './failure.ts';

/**
 * Connects as a service, to its own site's server in the fabric of a folder. Rejects with a CommandFailure for
 * credentials that cannot be used, else as `connect` of the SDK.
 */
export async function connectAs(
  context: Context,
  dir: string,
  creds: string,
  level: 'warn' | 'silent',
): Promise<Causeway> {
  let credentials: Credentials;
  let site: string;
  try {
    credentials = readCreds(creds);
    site = siteOf(credentials);
  } catch (error) {
    throw new CommandFailure((error as Error).message, { cause: error });
  }
  const url = siteUrl(await readSite(dir, site));
  const { clock, random } = context;
  return connect({
    url,
    creds,
    ca: fabricLayout(dir).site(site).ca,
    clock,
    random,
    logger: context.logger(level),
  });
}
