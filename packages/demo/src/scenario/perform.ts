import type { Clock, Random } from '@causeway/protocol';
import type { Causeway } from '@causeway/sdk';
import { type CallReport, createReportedCalls } from '../calls.ts';
import type { ShownCall } from '../screen/screen.ts';
import { apis, type Role } from './cast.ts';
import type { Stage } from './places.ts';
import type { Scene } from './scenes.ts';

/** Plays scenes, and finds out whether they go as they should. */
export interface Performer {
  /** Makes the calls of a scene. Refusals are outcomes: it rejects only for a fault of its own. */
  play(scene: Scene, turn: number): Promise<void>;
  /** True for the traces of this performer's calls. */
  isOurs(trace: string): boolean;
  /** What did not go as the scenes say, in those that were played: of the outcomes expected, each must happen. */
  surprises(): readonly string[];
}

/** Surprises beyond these are counted by their outcomes only. */
const maxSurprises = 20;
const timeoutMs = 5_000;

/** Creates a performer; its traces begin with random digits of its own. */
export function createPerformer(options: {
  readonly stage: Stage;
  readonly callerOf: (role: Role) => Causeway;
  readonly clock: Clock;
  readonly random: Random;
  readonly onReply: (report: CallReport) => void;
  readonly onShown: (call: ShownCall) => void;
}): Performer {
  const { stage, callerOf, clock, random, onReply, onShown } = options;
  const hex = (bytes: number) => Buffer.from(random.bytes(bytes)).toString('hex');
  const prefix = hex(8);
  const surprises: string[] = [];
  const happened = new Map<Scene, Set<string>>();
  let traces = 0;

  /** W3C Trace Context: version, trace id of 32 digits, span id of 16, sampled. */
  function nextTraceparent(): string {
    traces += 1;
    return `00-${prefix}${traces.toString(16).padStart(16, '0')}-${hex(8)}-01`;
  }

  async function callOnce(scene: Scene, input: object): Promise<{ report: CallReport; result: string }> {
    const caller = callerOf(scene.from);
    const site = stage.sites[apis[scene.to]];
    const to = { service: scene.to, major: 1, endpoint: scene.endpoint };
    const traceparent = nextTraceparent();
    let report: CallReport | undefined;
    const calls = createReportedCalls({
      from: caller.identity,
      clock,
      report: (each) => {
        report = each;
      },
    });
    let result = '';
    try {
      const reply = await calls.run(to, traceparent, () =>
        caller.call({ ...to, site }, input, { traceparent, timeout: timeoutMs }),
      );
      result = scene.show(reply);
    } catch (thrown) {
      // A refusal was reported; anything else is a fault of this program.
      if (!report) throw thrown;
    }
    onReply(report as CallReport);
    return { report: report as CallReport, result };
  }

  function judge(scene: Scene, reports: readonly CallReport[]): void {
    const name = nameOf(scene);
    const codes = happened.get(scene) ?? new Set();
    happened.set(scene, codes);
    const found: string[] = [];
    for (const { code, reason, pointer, retryAfter } of reports) {
      codes.add(code);
      if (!scene.expected.includes(code)) {
        found.push(
          `${name} ended with ${code}${reason ? ` (${reason})` : ''}; expected ${scene.expected.join(' or ')}`,
        );
      } else if (code !== 'OK' && scene.pointer !== undefined && pointer !== scene.pointer) {
        found.push(`${name} names the place ${pointer ?? 'nowhere'}; expected ${scene.pointer}`);
      } else if (code === 'RATE_LIMITED' && !(retryAfter !== undefined && retryAfter > 0)) {
        found.push(`${name} was limited without being told how long to wait`);
      }
    }
    surprises.push(...found.slice(0, maxSurprises - surprises.length));
  }

  return {
    surprises() {
      const missing = [...happened].flatMap(([scene, codes]) =>
        scene.expected
          .filter((code) => !codes.has(code))
          .map((code) => `none of ${nameOf(scene)} ended with ${code}`),
      );
      return [...surprises, ...missing];
    },
    isOurs: (trace) => trace.startsWith(prefix),
    async play(scene, turn) {
      const input = scene.input(turn);
      const ended = await Promise.all(Array.from({ length: scene.calls }, () => callOnce(scene, input)));
      judge(
        scene,
        ended.map(({ report }) => report),
      );
      const site = stage.sites[apis[scene.to]];
      for (const code of new Set(ended.map(({ report }) => report.code))) {
        const alike = ended.filter(({ report }) => report.code === code);
        const slowest = alike.reduce((a, b) => (b.report.milliseconds > a.report.milliseconds ? b : a));
        onShown({ scene, site, count: alike.length, ...slowest });
      }
    },
  };
}

function nameOf({ from, to, endpoint }: Scene): string {
  return `${from} → ${to}.${endpoint}`;
}
