// Calls as users do: the SDK, through the gateway.
import { connect } from '@causeway/sdk';
import { callTimeoutMs, runCaller } from '../lib/child-program.ts';
import { echoManifest, echoMessage } from '../lib/echo.ts';

await runCaller(async ({ url, creds, ca }) => {
  const causeway = await connect({ url, creds, ca });
  const service = causeway.service<typeof echoManifest>(echoManifest.service, 1);
  const options = { site: 'edge-a', timeout: callTimeoutMs };
  let calls = 0;
  return async () => {
    const message = echoMessage(calls);
    calls += 1;
    const { n } = await service.echo(message, options);
    if (n !== message.n) throw new Error('got the reply to another call');
  };
});
