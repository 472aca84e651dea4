import type { Finding, Say, Scale, Scenario } from '../support/scenario.ts';
import { crowd } from './crowd.ts';
import { cut } from './cut.ts';
import { gatewayKills, kills, promptKills } from './kills.ts';
import { regrants } from './regrants.ts';
import { restarts } from './restarts.ts';
import { rotations } from './rotations.ts';
import { stall } from './stall.ts';

/** A scenario that is under way: its steps, to be run one after the other. */
export interface Opened extends AsyncDisposable {
  readonly steps: readonly { readonly name: string; run(say: Say): Promise<Finding[]> }[];
}

/** A scenario, whatever it is made of. */
export interface AnyScenario {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  open(scale: Scale): Promise<Opened>;
}

function any<Stage extends AsyncDisposable>(scenario: Scenario<Stage>): AnyScenario {
  const { name, title, about, steps } = scenario;
  return {
    name,
    title,
    about,
    async open(scale) {
      const stage = await scenario.open(scale);
      return {
        steps: steps.map((step) => ({ name: step.name, run: (say) => step.run(stage, scale, say) })),
        [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
      };
    },
  };
}

/** All of them, in the order of the report. */
export const scenarios: readonly AnyScenario[] = [
  any(kills),
  any(gatewayKills),
  any(promptKills),
  any(regrants),
  any(rotations),
  any(restarts),
  any(crowd),
  any(stall),
  any(cut),
];
