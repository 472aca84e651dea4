import {
  type Cell,
  isAllowed,
  isHarmless,
  isMoot,
  publishCells,
  type Surroundings,
  subscribeCells,
  unmapped,
} from './cells.ts';
import type { RawClient } from './raw-client.ts';
import { type Holder, rightsOf } from './rights.ts';
import { instanceOf } from './subject-match.ts';

/** A cell whose outcome is not what the table of rights says. */
export interface Fault {
  readonly way: 'publish' | 'subscribe' | 'queue';
  readonly subject: string;
  readonly what: string;
}

/** What came of a holder's row of the matrix. */
export interface Row {
  readonly cells: number;
  /** Cells that the table allows and that did go through: without these, silence would prove nothing. */
  readonly twins: { readonly publish: number; readonly subscribe: number; readonly queue: number };
  readonly faults: readonly Fault[];
}

/** Subscriptions that are open at once. */
const batch = 200;

/** Rows run side by side, and links carry from one server to the next: each says something of its own. */
let marks = 0;
const nextMark = () => `row ${marks++}`;

/** Publishes on every subject; the witness, who hears all there is, must hear what is allowed and no more. */
async function tryPublishes(
  client: RawClient,
  witness: RawClient,
  holder: Holder,
  around: Surroundings,
): Promise<{ cells: number; twins: number; faults: Fault[] }> {
  const { publish } = rightsOf(holder);
  const cells = publishCells(holder, around)
    .map((cell) => ({ cell, allowed: isAllowed(cell, publish, around) }))
    .filter(({ cell, allowed }) => (allowed ? isHarmless(cell.subject) : !isMoot(cell, publish)));
  const mark = nextMark();
  const heard = new Set<string>();
  const ear = witness.connection.subscribe('>', {
    callback: (_, message) => void heard.add(message.string()),
  });
  await witness.connection.flush();
  client.refusedPublishes.length = 0;
  for (const [index, { cell }] of cells.entries())
    client.connection.publish(cell.subject, `${mark} cell ${index}.`);
  await client.settle();
  await witness.connection.flush();
  ear.unsubscribe();
  const refused = new Map<string, number>();
  for (const subject of client.refusedPublishes) refused.set(subject, (refused.get(subject) ?? 0) + 1);
  const expected = new Map<string, number>();
  const faults: Fault[] = [];
  const fault = (cell: Cell, what: string) => faults.push({ way: 'publish', subject: cell.subject, what });
  let twins = 0;
  for (const [index, { cell, allowed }] of cells.entries()) {
    const arrived = heard.has(`${mark} cell ${index}.`);
    const shown = unmapped(cell.subject, around);
    if (!allowed) expected.set(shown, (expected.get(shown) ?? 0) + 1);
    if (!allowed && arrived) fault(cell, 'went through');
    else if (!allowed && (refused.get(shown) ?? 0) < (expected.get(shown) ?? 0)) fault(cell, 'not refused');
    else if (allowed && refused.has(shown)) fault(cell, 'refused, though allowed');
    else if (allowed && !arrived) fault(cell, 'did not arrive, though allowed');
    else if (allowed) twins += 1;
  }
  return { cells: cells.length, twins, faults };
}

/** Subscribes to everything; the witness then speaks on each, and the holder must hear what is allowed and no more. */
async function trySubscribes(
  client: RawClient,
  witness: RawClient,
  holder: Holder,
  around: Surroundings,
  queue: boolean,
): Promise<{ cells: number; twins: number; faults: Fault[] }> {
  const { subscribe } = rightsOf(holder);
  const cells = subscribeCells(holder, around)
    .map((cell) => ({ cell, allowed: isAllowed(cell, subscribe, around) }))
    .filter(({ cell, allowed }) => allowed || !isMoot(cell, subscribe));
  const faults: Fault[] = [];
  const way = queue ? 'queue' : 'subscribe';
  const mark = nextMark();
  let twins = 0;
  for (let start = 0; start < cells.length; start += batch) {
    const tries = cells.slice(start, start + batch).map(({ cell, allowed }, offset) => {
      const state = { refused: false, heard: false };
      const body = `${mark} ${way} ${start + offset}.`;
      const subscription = client.connection.subscribe(cell.subject, {
        ...(queue ? { queue: `matrix-${start + offset}` } : {}),
        callback: (err, message) => {
          if (err) state.refused = true;
          else if (message.string() === body) state.heard = true;
        },
      });
      return { cell, allowed, state, body, subscription };
    });
    await client.settle();
    for (const { cell, body } of tries) witness.connection.publish(instanceOf(cell.subject), body);
    await witness.connection.flush();
    await client.settle();
    for (const { cell, allowed, state, subscription } of tries) {
      subscription.unsubscribe();
      const fault = (what: string) => faults.push({ way, subject: cell.subject, what });
      if (!allowed && state.heard) fault('heard what was said there');
      else if (!allowed && !state.refused) fault('not refused');
      else if (allowed && state.refused) fault('refused, though allowed');
      else if (allowed && !state.heard) fault('did not hear, though allowed');
      else if (allowed) twins += 1;
    }
    await client.connection.flush();
  }
  return { cells: cells.length, twins, faults };
}

/** Runs a holder's row of the matrix on a connection of his, beside a witness in the same account and server. */
export async function runRow(
  client: RawClient,
  witness: RawClient,
  holder: Holder,
  around: Surroundings,
): Promise<Row> {
  const publish = await tryPublishes(client, witness, holder, around);
  const subscribe = await trySubscribes(client, witness, holder, around, false);
  const queue = await trySubscribes(client, witness, holder, around, true);
  return {
    cells: publish.cells + subscribe.cells + queue.cells,
    twins: { publish: publish.twins, subscribe: subscribe.twins, queue: queue.twins },
    faults: [...publish.faults, ...subscribe.faults, ...queue.faults],
  };
}
