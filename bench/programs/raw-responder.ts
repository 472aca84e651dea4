// Answers calls that nobody guards, with the plain client.
import { connectPlain, runProgram } from '../lib/child-program.ts';

await runProgram(async (settings) => {
  const connection = await connectPlain(settings);
  for (const subject of settings.subject.split(',')) {
    connection.subscribe(subject, { callback: (_error, message) => void message.respond(message.data) });
  }
  await connection.flush();
  return async () => undefined;
});
