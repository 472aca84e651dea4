import { connect } from '@causeway/sdk';

const causeway = await connect();
await causeway.serve(
  {
    kind: 'api',
    service: 'hello',
    version: '1.0.0',
    endpoints: {
      greet: {
        request: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
        reply: { type: 'object' },
      },
    },
  },
  { greet: ({ name }, { caller }) => ({ text: `Hello ${name}, from ${caller.service}` }) },
);
