import type { RecoveryPorts } from '@causeway/fabric';
import { readSecret } from '@causeway/identity';
import { findNatsServer } from '@causeway/nats-server';
import { portsOf } from './admin.ts';
import type { Context } from './context.ts';
import { CommandFailure } from './failure.ts';
import { createProgress } from './output/progress.ts';

const fewestCharacters = 12;

/** Runs work on a fabric's folder, with progress, and a nats-server where it takes one. */
export async function withRecovery<T>(
  context: Context,
  work: (ports: RecoveryPorts) => Promise<T>,
): Promise<T> {
  const progress = createProgress(context);
  const { env } = context;
  const onProgress = (text: string) => progress.say(text);
  try {
    return await work({
      ...portsOf(context, 'silent'),
      onProgress,
      async findServer() {
        const signal = context.interruption();
        return (await findNatsServer({ env, signal, onProgress })).path;
      },
    });
  } finally {
    progress.end();
  }
}

/** Reads the passphrase of a backup: the file's text, without the line end. */
export async function readPassphrase(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = await readSecret(file).catch((cause: Error) => {
    throw new CommandFailure(cause.message, { cause });
  });
  const passphrase = text.replace(/\r?\n$/, '');
  if (passphrase.length < fewestCharacters) {
    throw new CommandFailure(
      `the passphrase in ${file} has ${passphrase.length} characters; a backup's must have ${fewestCharacters} or more`,
    );
  }
  return passphrase;
}
