import { expect, it } from 'vitest';
import { manualClock, settle } from '../../../../test/support/manual-clock.ts';
import { silent } from '../../../../test/support/silent-logger.ts';
import type { Compiler } from '../compile/compiler.ts';
import type { Hub } from '../hub/hub.ts';
import { accountOf, countingCompiler, memoryDocuments, siteOf } from '../test-support.ts';
import { createLinkRefresh } from './link-refresh.ts';

/** A refresh whose hub does what `cut` does, with the accounts of the cuts. */
function open(cut: () => Promise<number>) {
  const store = memoryDocuments([siteOf('edge-a'), siteOf('edge-b'), accountOf('acme')]);
  const table = new Map([['user.acme.leaf', { id: 'u1', jwt: 'e.y.J' }]]);
  const compiler: Compiler = {
    ...countingCompiler(store),
    tables: new Map([
      ['edge-a', table],
      ['edge-b', table],
    ]),
  };
  const cuts: string[] = [];
  const hub: Pick<Hub, 'cut'> = {
    cut(account) {
      cuts.push(account);
      return cut();
    },
  };
  const clock = manualClock();
  const links = createLinkRefresh({
    hub: hub as Hub,
    store,
    compiler,
    accountKey: (name) => name,
    clock,
    logger: silent,
  });
  return { links, cuts, clock };
}

it('link refresh - what is asked while one is under way is done once', async () => {
  const first = Promise.withResolvers<number>();
  const { links, cuts } = open(() => first.promise);
  links.refresh('edge-a');
  for (let n = 0; n < 10; n++) links.refresh('edge-a');
  links.refresh('edge-b');
  expect(cuts).toHaveLength(1);
  first.resolve(0);
  await settle();
  expect(cuts).toHaveLength(3);
  links.refresh('edge-a');
  await settle();
  expect(cuts).toHaveLength(4);
});

it('link refresh - one that fails is tried again, and holds up no other site', async () => {
  let failures = 1;
  const { links, cuts, clock } = open(async () => {
    if (failures-- > 0) throw new Error('not now');
    return 0;
  });
  links.refresh('edge-a');
  links.refresh('edge-b');
  await settle();
  expect(cuts).toHaveLength(2);
  await clock.advance(2_000);
  expect(cuts).toHaveLength(3);
  expect(clock.timers).toBe(0);
});
