import { CausewayError, connect } from '@causeway/sdk';

await using causeway = await connect();
try {
  const reply = await causeway.service('hello', 1).greet?.({ name: process.argv[2] ?? 'world' });
  process.stdout.write(`${JSON.stringify(reply)}\n`);
} catch (error) {
  if (!(error instanceof CausewayError)) throw error;
  process.stderr.write(`${JSON.stringify(error)}\n`);
  process.exitCode = 1;
}
