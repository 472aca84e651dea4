/** What stands in the place of an address. */
const removed = '[address]';

/** Text that is long enough to be read for addresses; the rest is cut off by whoever shows it. */
const authority = /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/"'<>]+/gi;
const resolved = /\b(ENOTFOUND|EAI_AGAIN)( )\S+/g;
const ipv4 = /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\.\d)(?::\d{1,5})?/g;
const perhapsIpv6 = /(?<![\w:.])\[?[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*(?:%\w+)?\]?(?::\d{1,5})?(?!\w)/gi;
const named =
  /\b(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+):\d{1,5}\b|\b[a-z][a-z0-9-]*:\d{4,5}\b|\blocalhost\b/gi;

/**
 * A text of somebody else without the hosts, addresses and ports that it names: `connect ECONNREFUSED 10.0.0.7:5432` is
 * what a library throws, and no business of a caller at another site or of the records. Names alone, without a port,
 * cannot be told from other words and stay, but for those that could not be resolved.
 */
export function withoutAddresses(text: string): string {
  return text
    .replace(authority, removed)
    .replace(resolved, `$1$2${removed}`)
    .replace(perhapsIpv6, (found) => (holdsIpv6(found) ? removed : found))
    .replace(ipv4, removed)
    .replace(named, removed);
}

function holdsIpv6(found: string): boolean {
  const bare = found
    .replace(/^\[/, '')
    .replace(/\](:\d+)?$/, '')
    .replace(/%.*$/, '')
    .replace(/\.$/, '');
  // Node writes an address and its port with a colon in between, too: ::1:5432.
  return isIPv6(bare) || isIPv6(bare.replace(/:\d{1,5}$/, '')) || isIPv6(bare.replace(/:$/, ''));
}

/** Whether this is an address as RFC 4291 (2.2) writes it, without brackets and zone. */
function isIPv6(text: string): boolean {
  const [before = '', after, ...more] = text.split('::');
  if (more.length > 0) return false;
  const groups = [before, after ?? ''].flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const mapped = /^(\d{1,3}\.){3}\d{1,3}$/.test(last);
  const plain = mapped ? groups.slice(0, -1) : groups;
  const count = plain.length + (mapped ? 2 : 0);
  if (!plain.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  return after === undefined ? count === 8 : count > 0 && count < 8;
}
