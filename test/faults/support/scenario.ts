/** How long and how much: `npm test` runs the scenarios short, `npm run faults` in full. Times in milliseconds. */
export interface Scale {
  readonly name: 'short' | 'full';
  /** What a goal's bound of time is multiplied by: beside other tests a machine is slow at times. */
  readonly patience: number;
  /** How long a part stays dead, and how many calls a second each lane makes meanwhile. */
  readonly downMs: number;
  readonly lane: number;
  /** Kills of a server that is started again at once, calls a second, and the share of plain NATS's failures allowed. */
  readonly restarts: number;
  readonly rate: number;
  readonly share: number;
  /** Clients that come back after the hub's restart. */
  readonly clients: number;
  readonly stallMs: number;
  readonly cutMs: number;
  /** Records that are written at least while a link is cut. */
  readonly records: number;
}

export const short: Scale = {
  name: 'short',
  patience: 3,
  downMs: 3_000,
  lane: 25,
  restarts: 1,
  rate: 200,
  share: 0.5,
  clients: 200,
  stallMs: 6_000,
  cutMs: 15_000,
  records: 10_000,
};

export const full: Scale = {
  name: 'full',
  patience: 1,
  downMs: 10_000,
  lane: 50,
  restarts: 3,
  rate: 500,
  share: 0.25,
  clients: 1_000,
  stallMs: 10_000,
  cutMs: 120_000,
  records: 100_000,
};

/** A goal and what came of it. */
export interface Finding {
  readonly what: string;
  readonly goal: string;
  readonly measured: string;
  /** The same of plain NATS, in the same run. */
  readonly plain?: string;
  readonly held: boolean;
}

/** Tells people what goes on. */
export type Say = (line: string) => void;

/** Part of a scenario: one fault, and what is looked at. */
export interface Step<Stage> {
  readonly name: string;
  run(stage: Stage, scale: Scale, say: Say): Promise<Finding[]>;
}

/** A kind of fault: what it happens to, made once, and its steps, one after the other. */
export interface Scenario<Stage extends AsyncDisposable = AsyncDisposable> {
  readonly name: string;
  readonly title: string;
  /** What is done and what is looked at, for the report. */
  readonly about: string;
  open(scale: Scale): Promise<Stage>;
  readonly steps: readonly Step<Stage>[];
}

/** One finding of a number that may be this much at most. */
export function atMost(what: string, unit: string, limit: number, measured: number, plain?: number): Finding {
  const text = (value: number) => `${Math.round(value)}${unit}`;
  return {
    what,
    goal: limit === 0 ? 'none' : `at most ${text(limit)}`,
    measured: Number.isFinite(measured) ? text(measured) : 'never',
    ...(plain === undefined ? {} : { plain: text(plain) }),
    held: measured <= limit,
  };
}
