import { hubSite } from '@causeway/identity';
import { freePorts } from '@causeway/nats-server';
import type { FabricPlan } from '../founding/found.ts';

const loopback = '127.0.0.1';

/** A fabric on this machine: every server on loopback, on ports that the system chose. */
export async function localPlan(
  edges: readonly string[],
  tenants: readonly string[],
  certificateDays?: number,
): Promise<FabricPlan> {
  const sites = [hubSite, ...edges];
  const ports = await freePorts(sites.length * 2 + 1, loopback);
  const next = () => ports.shift() as number;
  return {
    tenants,
    sites: sites.map((name) => {
      const cloud = name === hubSite;
      return {
        name,
        cloud,
        host: loopback,
        listen: loopback,
        alsoKnownAs: ['localhost'],
        ports: { client: next(), monitor: next(), ...(cloud ? { leaf: next() } : {}) },
        ...(certificateDays === undefined ? {} : { certificateDays }),
      };
    }),
  };
}
