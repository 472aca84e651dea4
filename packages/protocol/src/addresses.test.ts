import { expect, it } from 'vitest';
import { withoutAddresses } from './addresses.ts';

it.each([
  ['connect ECONNREFUSED 10.0.0.7:5432', 'connect ECONNREFUSED [address]'],
  ['connect ECONNREFUSED ::1:5432', 'connect ECONNREFUSED [address]'],
  ['connect ETIMEDOUT 2001:db8::7:443', 'connect ETIMEDOUT [address]'],
  ['no answer from [2001:db8::7]:443.', 'no answer from [address].'],
  ['fe80::1%eth0 is away', '[address] is away'],
  ['getaddrinfo ENOTFOUND db.internal', 'getaddrinfo ENOTFOUND [address]'],
  ['getaddrinfo EAI_AGAIN db', 'getaddrinfo EAI_AGAIN [address]'],
  ['fetch of https://user:pw@db.internal:8443/a?b failed', 'fetch of [address]/a?b failed'],
  ['redis at cache:6379 is full', 'redis at [address] is full'],
  ['db.internal:80 and localhost:1', '[address] and [address]'],
  ['to ::ffff:10.0.0.7:443 or 1:2:3:4:5:6:7:8', 'to [address] or [address]'],
  ['at 127.0.0.1.', 'at [address].'],
  ['the server of localhost', 'the server of [address]'],
])('addresses - %j loses what it names', (text, expected) => {
  expect(withoutAddresses(text)).toBe(expected);
});

it.each([
  'quotes.v1.latest@edge-a is not there',
  'version 1.2.3 of quotes',
  'it is 12:30:45 on 2026-12-24T18:00:00Z',
  '/properties/price is "std::string"; expected number',
  'status:404 after 3:10',
  'Foo::bar, x::def and c:',
])('addresses - %j stays as it is', (text) => {
  expect(withoutAddresses(text)).toBe(text);
});

it('addresses - a long text made of what addresses begin with takes no time to speak of', () => {
  for (const piece of ['1.', ':', 'a-', 'a.', '1:', 'x://', '[::']) {
    const text = piece.repeat(4_000);
    const begun = performance.now();
    withoutAddresses(text.slice(0, 1_024));
    expect(performance.now() - begun).toBeLessThan(1_000);
  }
});
