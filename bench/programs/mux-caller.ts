// Calls with Causeway's reply multiplexer alone: what the SDK stands on, without any guard.
import { readFile } from 'node:fs/promises';
import { connectNats, createLogger, createReplyMux, systemClock, systemRandom } from '@causeway/transport';
import { callTimeoutMs, runCaller } from '../lib/child-program.ts';
import { echoBytes } from '../lib/echo.ts';

await runCaller(async ({ url, creds, ca, inboxPrefix, subject }) => {
  const connection = await connectNats({
    servers: url,
    credentials: creds,
    ca: await readFile(ca, 'utf8'),
    name: 'bench mux',
    inboxPrefix,
    random: systemRandom,
    logger: createLogger({ component: 'bench', level: 'warn' }),
  });
  const mux = createReplyMux({
    connection,
    prefix: `${inboxPrefix}.bench`,
    clock: systemClock,
    random: systemRandom,
  });
  return async () => {
    const { data } = await mux.request(subject, echoBytes, { timeoutMs: callTimeoutMs });
    if (data.length !== echoBytes.length) throw new Error(`got ${data.length} bytes back`);
  };
});
