import type { Deprecation, GetRequest, Policy } from '@causeway/protocol';
import type { Column } from '../output/table.ts';

/** An item as the registry lists it. */
export type Item = Readonly<Record<string, unknown>>;

/** A column that shows a field: lists divided by commas, objects as `key=value`. */
function field(title: string, name: string): Column<Item> {
  return { title, value: (item) => shown(item[name]) };
}

function shown(value: unknown): string | number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return value;
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([key, each]) => `${key}=${String(each)}`)
    .join(', ');
}

const policyOf = (item: Item) => item as unknown as Policy;

/** The columns of each kind's table. */
export const columnsOf: Readonly<Record<GetRequest['kind'], readonly Column<Item>[]>> = {
  apis: [
    field('NAME', 'name'),
    field('TENANT', 'tenant'),
    field('VERSION', 'version'),
    { title: 'ENDPOINTS', value: (item) => Object.keys(item.endpoints ?? {}).join(', ') },
    field('SITES', 'sites'),
    field('OWNER', 'owner'),
    { title: 'DEPRECATED', value: (item) => (item.deprecated as Deprecation | undefined)?.date },
  ],
  policies: [
    field('NAME', 'name'),
    field('TENANT', 'tenant'),
    field('EFFECT', 'effect'),
    {
      title: 'FROM',
      value: (item) => {
        const { site = '*', service = '*' } = policyOf(item).from;
        return `${site}/${service}`;
      },
    },
    {
      title: 'TO',
      value: (item) => {
        const { service, major, endpoints = ['*'], site = '*' } = policyOf(item).to;
        return `${service}.v${major ?? '*'}.${endpoints.join('|')}@${site}`;
      },
    },
    field('LIMITS', 'limits'),
  ],
  sites: [
    field('NAME', 'name'),
    field('TENANTS', 'tenants'),
    field('GATEWAYS', 'gateways'),
    { title: 'STATE', value: (item) => (item.revoked ? 'revoked' : undefined) },
  ],
  invitations: [
    field('SITE', 'name'),
    field('TENANTS', 'tenants'),
    { title: 'EXPIRES', value: (item) => new Date(Number(item.expires)).toISOString() },
    field('STATE', 'state'),
    field('BY', 'by'),
  ],
  services: [
    field('NAME', 'name'),
    field('TENANT', 'tenant'),
    field('SITE', 'site'),
    {
      title: 'HOSTS',
      value: (item) => ((item.hosts ?? []) as number[]).map((each) => `v${each}`).join(', '),
    },
    { title: 'KEYS', value: (item) => (item.keys === 0 ? 'revoked' : Number(item.keys)) },
    field('LABELS', 'labels'),
  ],
  instances: [
    field('SERVICE', 'service'),
    field('TENANT', 'tenant'),
    field('SITE', 'site'),
    field('GATEWAY', 'gateway'),
    field('INSTANCES', 'instances'),
  ],
  routes: [
    { title: 'SERVICE', value: (item) => `${item.tenant}/${item.site}/${item.service}` },
    { title: 'MAY CALL', value: (item) => `${item.api}` },
    { title: 'AT, BEST FIRST', value: (item) => ((item.sites ?? []) as string[]).join(', ') },
    field('ENDPOINTS', 'endpoints'),
  ],
};
