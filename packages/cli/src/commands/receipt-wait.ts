import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../input/duration.ts';

/** The registry's reply must come before its asker gives up. */
const longestWaitMs = 8_000;

/** How long the registry is to wait for sites' receipts, in ms; for options. */
export function parseReceiptWait(text: string): number {
  const ms = parseDuration(text);
  if (ms > longestWaitMs) throw new InvalidArgumentError('Expected 8s at most.');
  return ms;
}
