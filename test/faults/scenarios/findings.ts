import { type Balance, faultsOf } from '../support/ledger.ts';
import type { LoadedCall } from '../support/load.ts';
import type { Finding } from '../support/scenario.ts';
import { insideTheEdge } from '../support/scene.ts';

/** What of the books is not as it should be, and of how much. */
export function booksOf(balance: Balance): Finding {
  const wrong = Object.entries(faultsOf(balance)).filter(([, list]) => list.length > 0);
  const examples = wrong.map(([kind, list]) => `${list.length} ${kind} (${list[0]})`);
  return {
    what: 'records missing, doubled or contradicted; counters unlike a recount; broken chains',
    goal: 'none',
    measured: `${examples.join(', ') || 'none'}, of ${balance.calls} calls and ${balance.records} records`,
    held: wrong.length === 0,
  };
}

/** Calls inside the edge that did not succeed. */
export function failuresInside(calls: readonly LoadedCall[]): Finding {
  const inside = calls.filter(({ lane }) => lane === insideTheEdge);
  const failed = inside.filter(({ code }) => code !== 'OK').length;
  return {
    what: 'calls inside the edge that failed',
    goal: 'none',
    measured: `${failed} of ${inside.length}`,
    held: failed === 0 && inside.length > 0,
  };
}
