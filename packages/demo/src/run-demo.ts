import { type ClientPorts, connectAdmin, type Fabric } from '@causeway/fabric';
import type { Clock, Logger, Random } from '@causeway/protocol';
import { type Audit, auditAll, startObserver } from './observer.ts';
import { bringPlayers } from './players.ts';
import { createLedger } from './scenario/ledger.ts';
import { createPerformer } from './scenario/perform.ts';
import { stageOf } from './scenario/places.ts';
import { scenes } from './scenario/scenes.ts';
import { createLiveScreen } from './screen/live.ts';
import { createPlainScreen } from './screen/plain.ts';
import { createPaint } from './screen/text.ts';
import { allHolds, type Findings, summaryLines } from './summary.ts';
import { pause, settledOrAborted, waitFor } from './wait.ts';

/** How the demonstration is run. */
export interface DemoOptions {
  /** A fabric that is up, with two edges and a tenant. */
  readonly fabric: Fabric;
  /** True: play the scenario three times, check everything and end; else play until the signal. */
  readonly once: boolean;
  /** Ends the demonstration. */
  readonly signal: AbortSignal;
  /** A terminal gets a live screen, unless it is for once; anything else plain lines. */
  readonly output: NodeJS.WriteStream;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const rounds = 3;
/** Between two rounds: the ticker, who may call five times a second, may again. */
const roundMs = 1_000;
/** Between two scenes, when played for onlookers; between two looks at sites and counters. */
const sceneMs = 700;
const lookMs = { live: 1_000, plain: 10_000 };
/** How long records and counters may take to be in the cloud. */
const arrivalMs = 60_000;
const pollMs = 250;

/**
 * Plays the scenario on a fabric: services of its own on real market data, calls that are let through, and calls
 * that are refused. `ok` says, after a run for once, that every call ended as it must, every reply has its one
 * record, counters equal a recount and all chains verify; after a run until the signal it is true. Rejects where the
 * scenario cannot begin.
 */
export async function runDemo(options: DemoOptions): Promise<{ ok: boolean }> {
  const { fabric, once, signal, output, clock, random, logger } = options;
  const ports: ClientPorts = { clock, random, logger };
  const stage = stageOf(fabric.summary);
  const isTerminal = output.isTTY === true;
  const paint = createPaint(isTerminal && output.hasColors());
  const live = isTerminal && !once;
  const title = `Causeway: guarded calls on real market data, tenant ${stage.tenant}`;
  const screen = live
    ? createLiveScreen(output, title, paint)
    : createPlainScreen((text) => void output.write(text), paint);
  let screenOpen = true;
  const closeScreen = () => {
    if (screenOpen) screen.close();
    screenOpen = false;
  };
  const admin = await connectAdmin(fabric.dir, ports);
  const closing: (() => Promise<void>)[] = [() => admin.close()];
  try {
    if (!live) screen.lines([paint('strong', title)]);
    screen.note('starting services: quotes at exchange A, desk at B, risk in the cloud');
    let isOurs = (_trace: string) => false;
    const ledger = createLedger((trace) => isOurs(trace));
    const onReply = ledger.reply;
    const players = await bringPlayers({
      ...{ fabric, admin, stage, clock, random, logger, signal },
      onCall: (call) => {
        if (isOurs(call.trace)) onReply(call);
      },
      onEnded: (service, how) => screen.note(`the service ${service} ended (${how})`),
    });
    closing.push(players.stop);
    const around = { fabric, admin, stage, ports };
    const observer = await startObserver({
      ...around,
      onRecord: (record) => {
        // What callers did to find out whether they may begin is none of the scenario.
        if (record.trace === undefined || !isOurs(record.trace)) return;
        ledger.record(record);
        screen.record(record);
      },
    });
    closing.push(observer.close);
    const performer = createPerformer({
      ...{ stage, clock, random, onReply, callerOf: players.of },
      onShown: (call) => screen.call(call),
    });
    isOurs = performer.isOurs;
    const look = async () => {
      screen.sites(await observer.readSites());
      if (!once) screen.counters(await observer.readCounters());
    };
    await look();
    screen.note(once ? 'calls, and their records as they arrive in the cloud' : '');

    if (once) {
      for (let round = 0; round < rounds; round += 1) {
        if (round > 0) await pause(clock, roundMs, signal);
        for (const scene of scenes) if (!signal.aborted) await performer.play(scene, round);
      }
    } else {
      const looking = watch(look, live ? lookMs.live : lookMs.plain);
      for (let turn = 0; !signal.aborted; turn += 1) {
        const scene = scenes[turn % scenes.length];
        if (scene) await settledOrAborted(performer.play(scene, Math.floor(turn / scenes.length)), signal);
        await pause(clock, sceneMs, signal);
      }
      await looking;
    }

    let audit: Audit | undefined;
    if (once && !signal.aborted) {
      const complete = () => ledger.balance().matched === ledger.balance().replies;
      await waitFor(clock, { limitMs: arrivalMs, everyMs: pollMs, signal }, complete);
      // Counters follow the records within a second or so.
      await waitFor(clock, { limitMs: arrivalMs, everyMs: pollMs, signal }, async () => {
        audit = await auditAll(around);
        return audit.countedCalls === audit.records;
      });
      screen.counters(await observer.readCounters());
    }
    closeScreen();
    const findings: Findings = {
      outcomes: ledger.outcomes,
      balance: ledger.balance(),
      surprises: performer.surprises(),
      damaged: observer.damaged,
      ...(audit === undefined ? {} : { audit }),
    };
    if (once) screen.lines(summaryLines(findings, paint));
    return { ok: !once || allHolds(findings) };
  } finally {
    closeScreen();
    for (const close of closing.reverse()) await close();
  }

  /** Looks again and again until the signal. What cannot be read now is read the next time. */
  async function watch(look: () => Promise<void>, everyMs: number): Promise<void> {
    while (!signal.aborted) {
      await pause(clock, everyMs, signal);
      if (signal.aborted) return;
      await settledOrAborted(
        look().catch((err: unknown) => {
          if (signal.aborted) return;
          logger.warn({ err }, 'the demonstration cannot read the cloud’s state now');
          screen.note(`cannot read the cloud’s state now: ${(err as Error).message}`);
        }),
        signal,
      );
    }
  }
}
