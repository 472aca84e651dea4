import { openConsole, tailRecords } from '@causeway/fabric';
import { systemClock, systemRandom } from '@causeway/transport';
import { silent } from '../../support/silent-logger.ts';
import { until } from '../../support/until.ts';
import { type LinkedScene, startLinkedScene } from '../support/linked-scene.ts';
import { startLoad } from '../support/load.ts';
import { atMost, type Scenario } from '../support/scenario.ts';
import { insideTheEdge } from '../support/scene.ts';
import { booksOf, failuresInside } from './findings.ts';

/** The cloud has a site's first record so long after the link's return, and all of them. */
const firstMs = 10_000;
const allMs = 30_000;
/** How long is waited beyond a goal, so that the report can say by how much it was missed. */
const beyond = 4;

/** A link that is gone for long, while the edge goes on. */
export const cut: Scenario<LinkedScene> = {
  name: 'cut',
  title: 'A leaf link that is cut',
  about:
    'The link is closed and refused while calls inside the edge are recorded there. The clock starts when it is let through ' +
    'again; a console in the cloud reads the records as they come in.',
  open: startLinkedScene,
  steps: [
    {
      name: 'the edge goes on, and the cloud has all of its records soon after, each once',
      async run({ scene, link }, scale, say) {
        const { records, cutMs } = scale;
        link.cut();
        const begun = performance.now();
        const inside = scene
          .lanes(Math.ceil((records * 1_000) / cutMs))
          .filter(({ name }) => name === insideTheEdge);
        const load = startLoad(inside);
        const enough = () => load.calls.length >= records && performance.now() - begun >= cutMs;
        await until('enough calls were made while it was cut', enough, {
          timeout: cutMs * beyond,
          every: 100,
        });
        const calls = await load.stop();
        say(`${calls.length} calls inside the edge in ${Math.round(performance.now() - begun)} ms`);

        const ports = { clock: systemClock, random: systemRandom, logger: silent };
        const { dir, admin } = scene.fabric;
        const console = await openConsole(dir, admin, { tenant: 'any', from: 'now' }, ports);
        const missing = new Set(calls.map(({ trace }) => trace));
        let heard = Number.POSITIVE_INFINITY;
        let last = Number.POSITIVE_INFINITY;
        const tail = tailRecords(console, {
          record({ site, trace }) {
            if (site !== 'edge-a' || trace === undefined) return;
            if (heard === Number.POSITIVE_INFINITY) heard = performance.now();
            if (missing.delete(trace) && missing.size === 0) last = performance.now();
          },
          damaged() {},
        });
        await tail.caughtUp;
        const back = performance.now();
        link.resume();
        // A goal that is missed is a finding, not an error.
        await until('the cloud has all records', () => missing.size === 0, {
          timeout: allMs * scale.patience * beyond,
        }).catch(() => {});
        await tail.stop();
        await console.close();
        say(`the first after ${Math.round(heard - back)} ms, all after ${Math.round(last - back)} ms`);
        return [
          failuresInside(calls),
          atMost('the first record is in the cloud after', ' ms', firstMs * scale.patience, heard - back),
          atMost('all records are in the cloud after', ' ms', allMs * scale.patience, last - back),
          booksOf(await scene.settled(calls, 120_000)),
        ];
      },
    },
  ],
};
