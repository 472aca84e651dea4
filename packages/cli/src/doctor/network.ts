import { connect } from 'node:net';
import {
  fabricLayout,
  isFounded,
  lockHolder,
  readFabric,
  readSite,
  type SiteSettings,
} from '@causeway/fabric';
import { isPortFree } from '@causeway/nats-server';
import type { Context } from '../context.ts';
import { gatherStatus } from '../status/gather.ts';
import { monitorTimeoutMs, readPage } from '../status/monitor.ts';
import { type Check, type Finding, fail, ok, warn } from './check.ts';

/** Differences between clocks, in ms: deadlines bear the one with grace, the other turns calls down. */
const skew = { fine: 500, most: 5_000 } as const;

async function sitesHere(dir: string): Promise<SiteSettings[]> {
  if (!(await isFounded(dir))) return [];
  const { sites } = await readFabric(dir).catch(() => ({ sites: [] as readonly string[] }));
  const found = await Promise.allSettled(sites.map((site) => readSite(dir, site)));
  return found.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}

/** Whether a port is another program's; not where the address is none of this machine's. */
function isTaken(port: number, host: string): Promise<boolean> {
  return isPortFree(port, host).then(
    (free) => !free,
    ({ code }: NodeJS.ErrnoException) => code !== 'EADDRNOTAVAIL',
  );
}

function answers(context: Context, port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const cancel = context.clock.after(monitorTimeoutMs, () => socket.destroy());
    socket.once('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => {
      cancel();
      resolve(false);
    });
  });
}

const isWildcard = (host: string) => host === '0.0.0.0' || host === '::';

/** That the servers have their ports, or can have them. */
export const checkPorts: Check = async (context, dir) => {
  const findings: Finding[] = [];
  for (const { site, ports, listen } of await sitesHere(dir)) {
    const page = await readPage(context, `http://127.0.0.1:${ports.monitor}/varz`);
    const runs = page?.server_name === site;
    const all = { client: ports.client, ...(ports.leaf === undefined ? {} : { leaf: ports.leaf }) };
    const problems: string[] = [];
    for (const [what, port] of Object.entries(all)) {
      if (runs) {
        const host = isWildcard(listen) ? '127.0.0.1' : listen;
        if (!(await answers(context, port, host))) problems.push(`port ${port} (${what}) does not answer`);
      } else if (await isTaken(port, listen)) {
        problems.push(`port ${port} (${what}) is taken by another program`);
      }
    }
    if (!runs && (await isTaken(ports.monitor, '127.0.0.1'))) {
      problems.push(`port ${ports.monitor} (monitor) is taken by another program`);
    }
    const list = [...Object.values(all), ports.monitor].join(', ');
    findings.push(
      problems.length === 0
        ? ok('ports', `of ${site}: ${list} ${runs ? 'answer' : 'are free'}`)
        : fail('ports', `of ${site}: ${problems.join('; ')}`, 'end that program, or found the fabric anew'),
    );
  }
  return findings;
};

/** That the clocks of the sites, as far as their servers can be asked from here, go with the hub's. */
export const checkClocks: Check = async (context, dir) => {
  const { clock } = context;
  const offsets: { site: string; offset: number; doubt: number }[] = [];
  for (const { site, ports } of await sitesHere(dir)) {
    const asked = clock.monotonic();
    const page = await readPage(context, `http://127.0.0.1:${ports.monitor}/varz`);
    const took = clock.monotonic() - asked;
    if (page?.server_name !== site || typeof page.now !== 'string') continue;
    offsets.push({ site, offset: Date.parse(page.now) - (clock.now() - took / 2), doubt: took / 2 });
  }
  const [hub, ...edges] = offsets;
  if (!hub || edges.length === 0) return [];
  return edges.map(({ site, offset, doubt }) => {
    const difference = Math.round(offset - hub.offset);
    const sure = Math.abs(difference) - doubt - hub.doubt;
    const found = `of ${site}: ${difference} ms from the hub's`;
    const advice = `have the clocks of ${site} and the hub set by the same time servers (NTP)`;
    if (sure > skew.most) return fail('clock', found, advice);
    return sure > skew.fine ? warn('clock', found, advice) : ok('clock', found);
  });
};

/** That what runs is healthy. */
export const checkFabric: Check = async (context, dir) => {
  if ((await sitesHere(dir)).length === 0) return [];
  const holder = await lockHolder(fabricLayout(dir).lock);
  if (holder === undefined) return [ok('fabric', 'not up here; causeway up starts it')];
  const { healthy, ailments } = await gatherStatus(context, dir);
  return healthy
    ? [ok('fabric', `up as process ${holder}, healthy`)]
    : ailments.map((ailment) =>
        fail('fabric', ailment, 'causeway status shows the whole; logs are in logs/'),
      );
};
