import { expect, it } from 'vitest';
import { startTestFabric } from '../support/fabric.ts';
import { readRecords } from '../support/records.ts';
import { until } from '../support/until.ts';

/** A name as long as one may be. */
const long = (letter: string) => letter.repeat(63);

it('long names - with 63 characters in each name a call goes both ways across a link, and is recorded', async () => {
  const [site, tenant, server, caller, endpoint] = [long('s'), long('t'), long('a'), long('b'), long('e')];
  await using fabric = await startTestFabric({ edges: [site], tenants: [tenant] });
  const api = {
    kind: 'api',
    service: server,
    version: '1.0.0',
    endpoints: { [endpoint]: { request: {}, reply: {} } },
  } as const;
  await fabric.admin.apply([
    {
      kind: 'policy',
      tenant,
      name: long('p'),
      from: { service: caller },
      to: { service: server },
      effect: 'allow',
    },
  ]);
  for (const at of [site, 'cloud']) {
    const service = await fabric.connect(at, server, tenant);
    await service.serve(api, { [endpoint]: () => at });
  }
  for (const [from, to] of [
    [site, 'cloud'],
    ['cloud', site],
  ] as const) {
    const client = await fabric.connect(from, caller, tenant);
    const call = () => client.call({ service: server, major: 1, endpoint, site: to }, null);
    expect(await until(`a call from ${from} goes through`, call, { timeout: 30_000 })).toBe(to);
  }
  const recorded = async () =>
    (await readRecords(fabric, tenant))
      .filter(({ code }) => code === 'OK')
      .map(({ from, site: at }) => [from, at]);
  await until('both are recorded in the cloud', async () => (await recorded()).length >= 2);
  expect(await recorded()).toEqual(
    expect.arrayContaining([
      [{ site, service: caller }, 'cloud'],
      [{ site: 'cloud', service: caller }, site],
    ]),
  );
});
