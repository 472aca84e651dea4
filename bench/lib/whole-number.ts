import { InvalidArgumentError } from 'commander';

/** Parses an option's whole number within bounds: every run is bounded in time, memory and disk. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}, got ${text}`);
  };
}
