// Calls with `request()` of the plain client: the baseline.
import { callTimeoutMs, connectPlain, runCaller } from '../lib/child-program.ts';
import { echoBytes } from '../lib/echo.ts';

await runCaller(async (settings) => {
  const connection = await connectPlain(settings);
  return async () => {
    const { data } = await connection.request(settings.subject, echoBytes, { timeout: callTimeoutMs });
    if (data.length !== echoBytes.length) throw new Error(`got ${data.length} bytes back`);
  };
});
