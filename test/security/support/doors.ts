import { readFile } from 'node:fs/promises';
import { readSite } from '@causeway/fabric';
import type { TestFabric } from '../../support/fabric.ts';
import type { Door } from './knock.ts';

/** Where clients, or leaf nodes, come in at a site's server. */
export async function doorOf(fabric: TestFabric, site: string, kind: Door['kind']): Promise<Door> {
  const { host, ports } = await readSite(fabric.dir, site);
  const port = kind === 'leaf' ? ports.leaf : ports.client;
  if (port === undefined) throw new Error(`${site} has no listener for leaf nodes`);
  return { host, port, ca: await readFile(fabric.ca, 'utf8'), kind };
}

/** A link as the hub's monitoring page has it. */
export interface Link {
  /** Of the connection: a link that comes back has another. */
  readonly id: number;
  readonly name: string;
  readonly account: string;
  /** Subjects that the other end listens for. */
  readonly subscriptions_list?: readonly string[];
}

/** The leaf links that the hub has now. */
export async function linksOf(fabric: TestFabric): Promise<Link[]> {
  const { ports } = await readSite(fabric.dir, 'cloud');
  const page = await fetch(`http://127.0.0.1:${ports.monitor}/leafz?subs=1`);
  return ((await page.json()) as { leafs?: Link[] }).leafs ?? [];
}
