// Serves the API by the SDK.
import { connect } from '@causeway/sdk';
import { runProgram } from '../lib/child-program.ts';
import { echoManifest } from '../lib/echo.ts';

await runProgram(async ({ url, creds, ca }) => {
  const causeway = await connect({ url, creds, ca });
  await causeway.serve(echoManifest, { echo: (message) => message });
  return async () => undefined;
});
