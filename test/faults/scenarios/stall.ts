import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import type { LinkProxy } from '../support/link-proxy.ts';
import { type LinkedScene, startLinkedScene } from '../support/linked-scene.ts';
import { countCodes, type Lane, type LoadedCall, startLoad } from '../support/load.ts';
import { callTimeoutMs, type PlainNats, startPlainNats } from '../support/plain.ts';
import { atMost, type Scenario } from '../support/scenario.ts';
import { booksOf, failuresInside } from './findings.ts';

/** A caller hears within this that its call failed; the median of those who call later hear within the second. */
const failWithinMs = 1_500;
const fastMs = 100;
/** From then on it is known that the link stands still. */
const learnsMs = 2_500;

interface Stage extends AsyncDisposable {
  readonly linked: LinkedScene;
  readonly plain: PlainNats;
}

interface Stalled {
  readonly calls: readonly LoadedCall[];
  /** The longest that a call over the link took, and the median of those begun when it was known; ms. */
  readonly longest: number;
  readonly thereafter: number;
}

/** Stalls a link under load. */
async function stallUnderLoad(
  link: LinkProxy,
  lanes: readonly Lane[],
  stallMs: number,
  healed: () => Promise<void>,
): Promise<Stalled> {
  const load = startLoad(lanes);
  await until('calls go through', () => load.calls.length > 100);
  link.stall();
  const stalled = performance.now();
  await delay(stallMs);
  link.resume();
  const resumed = performance.now();
  await healed();
  const calls = await load.stop();
  const across = calls.filter(({ lane, begun }) => / to /.test(lane) && begun > stalled && begun < resumed);
  const late = across.filter(({ begun }) => begun > stalled + learnsMs).map(({ ms }) => ms);
  late.sort((a, b) => a - b);
  return {
    calls,
    longest: Math.max(...across.map(({ ms }) => ms)),
    thereafter: late[Math.floor(late.length / 2)] ?? Number.POSITIVE_INFINITY,
  };
}

/** A link that stands still and is not closed. */
export const stall: Scenario<Stage> = {
  name: 'stall',
  title: 'A leaf link that stalls without closing',
  about:
    'A proxy on the link holds back every byte, both ways, and lets them go again later. Calls of one second go over it ' +
    'both ways, others stay inside a site. A service ran late where it was called after its caller gave up.',
  async open() {
    await using stack = new AsyncDisposableStack();
    const linked = stack.use(await startLinkedScene());
    const plain = stack.use(await startPlainNats());
    const owned = stack.move();
    return { linked, plain, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  },
  steps: [
    {
      name: 'nothing runs after its caller gave up, callers learn fast, and the edge goes on',
      async run({ linked: { scene, link }, plain }, scale, say) {
        const each = scale.rate / 2;
        const raw = await stallUnderLoad(plain.link, plain.lanes(each), scale.stallMs, plain.healed);
        const rawLate = plain.served.filter(({ at, deadline }) => at > deadline).length;
        say(`plain NATS: ${JSON.stringify(countCodes(raw.calls))}, ${rawLate} ran late`);
        const before = scene.served.length;
        const lanes = scene
          .lanes(each, { timeout: callTimeoutMs })
          .map((lane) => (/ to /.test(lane.name) ? lane : { ...lane, rate: scale.lane }));
        const own = await stallUnderLoad(link, lanes, scale.stallMs, scene.healed);
        const late = scene.served.slice(before).filter(({ at, deadline }) => at > deadline).length;
        say(`Causeway: ${JSON.stringify(countCodes(own.calls))}, ${late} ran late`);
        const balance = await scene.settled(own.calls, 60_000);
        return [
          atMost('calls that ran after their caller gave up', '', 0, late, rawLate),
          atMost('longest that a caller waited', ' ms', failWithinMs, own.longest, raw.longest),
          atMost(
            `median wait of calls begun ${learnsMs / 1_000} s and more into the stall`,
            ' ms',
            fastMs,
            own.thereafter,
            raw.thereafter,
          ),
          failuresInside(own.calls),
          booksOf(balance),
        ];
      },
    },
  ],
};
