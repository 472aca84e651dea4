// A service in a process of its own, so that it can be killed. Ends with its parent.
import { connect } from '@causeway/sdk';
import { adder } from '../support/adder.ts';

interface Settings {
  readonly url: string;
  readonly ca: string;
  readonly creds: string;
  readonly service: string;
}

const { service, ...where } = JSON.parse(process.argv[2] ?? '{}') as Settings;
process.on('disconnect', () => process.exit(0));
const causeway = await connect(where);
await causeway.serve(adder(service), { add: (n: number) => n + 1 });
process.send?.('serving');
