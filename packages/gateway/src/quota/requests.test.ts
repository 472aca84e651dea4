import { expect, test } from 'vitest';
import { manualClock } from '../../../../test/support/manual-clock.ts';
import { until } from '../../../../test/support/until.ts';
import { createCounter } from './counter.ts';
import { createRequests } from './requests.ts';

test('share requests - a tenant that wants a great many does not keep the others waiting', async () => {
  const asked: string[][] = [];
  const requests = createRequests({
    ask: async (shares) => {
      asked.push(shares.map(({ tenant }) => tenant));
      return shares.map(() => ({ granted: 1 }));
    },
    clock: manualClock(),
    settled() {},
  });
  const want = (tenant: string, n: number) => {
    const name = { tenant, policy: `p${n}`, from: { site: 'edge-a', service: 'desk' } };
    requests.want(createCounter({ ...name, unit: 'calls', window: 'day' }, 100, 0), 1);
  };
  for (let n = 0; n < 1_000; n += 1) want('acme', n);
  for (let n = 0; n < 3; n += 1) want('globex', n);
  await until('all are asked for', () => asked.flat().length === 1_003);
  expect(asked[0]?.filter((tenant) => tenant === 'globex')).toHaveLength(3);
  expect(asked.map((each) => each.length)).toEqual([...Array.from({ length: 7 }, () => 128), 107]);
});
