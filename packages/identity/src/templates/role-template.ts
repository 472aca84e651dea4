import type { HolderName } from '../names.ts';

/** How a user may connect; the names are NATS's. */
export type ConnectionType = 'STANDARD' | 'WEBSOCKET' | 'LEAFNODE';

/** Which sites may have a role: any edge, only the hub, all of them, or the role has no site. */
export type RoleSite = 'edge' | 'cloud' | 'any' | 'none';

/**
 * A role: what its holder may do, as lists of what is allowed. There are no deny lists (they were got round
 * before), no allowed responses (they do not cross a leaf, and a reload forgets them), and no entry pinned
 * to a queue group (nats-server drops those from a list that has a template in it).
 *
 * In an entry, `{{name()}}` is the holder's name and `{{tag(x)}}` each of its tags `x`: nats-server fills
 * them in when the user connects, and drops entries whose tag the user lacks. An empty list would mean
 * "everything", so no list is empty.
 */
export interface RoleTemplate {
  readonly publish: readonly [string, ...string[]];
  readonly subscribe: readonly [string, ...string[]];
  /** Any user could otherwise connect as a leaf node. */
  readonly connectionTypes: readonly [ConnectionType, ...ConnectionType[]];
  /** Most subscriptions of one connection; -1 for no limit. */
  readonly subscriptions: number;
  /** True where the JWT alone, without its key, lets its bearer in. */
  readonly bearer?: true;
  /** What the issuer asks of the holder before it signs. */
  readonly holder: {
    readonly name: HolderName;
    readonly site: RoleSite;
    /** Tag `tenant`: exactly one where `one`. */
    readonly tenant: 'one' | 'none';
    /** Tag `hosts`: any number of service names where `many`. */
    readonly hosts: 'many' | 'none';
  };
}

/** The three requests that read one pull consumer: next, info, and reset as rewind. It can do nothing else to it. */
export function readsOf(stream: string, consumer: string): [string, string, string] {
  return [
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
    `$JS.API.CONSUMER.INFO.${stream}.${consumer}`,
    `$JS.API.CONSUMER.RESET.${stream}.${consumer}`,
  ];
}
