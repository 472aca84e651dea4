/**
 * What set-up says to people. Everything goes to standard error: standard output belongs to the program that follows.
 */

/** A line of progress. */
export function say(line) {
  process.stderr.write(`causeway: ${line}\n`);
}

/** A failure with its way out: the message is all that people see, without a stack. */
export class SetupError extends Error {
  name = 'SetupError';
}

/** Runs `main` and turns its failure into a message and exit code 1. */
export async function runOrExplain(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    say(error instanceof SetupError ? error.message : (error.stack ?? String(error)));
    process.exitCode = 1;
  }
}
