// Prints the path of a nats-server on standard output, installing one if need be; progress goes to standard error.
import { findNatsServer, NatsServerNotFoundError } from '../packages/nats-server/src/find/index.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interrupted.abort(new Error(`ended by ${signal}; the next run starts again`)));
}

try {
  const { path } = await findNatsServer({
    onProgress: (line) => process.stderr.write(`causeway: ${line}\n`),
    signal: interrupted.signal,
  });
  process.stdout.write(`${path}\n`);
} catch (error) {
  const known = error instanceof NatsServerNotFoundError || interrupted.signal.aborted;
  process.stderr.write(`causeway: ${known ? (error as Error).message : (error as Error).stack}\n`);
  process.exitCode = 1;
}
