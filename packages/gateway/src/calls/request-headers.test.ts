import { headers } from 'nats';
import { expect, test } from 'vitest';
import { readRequestHeaders, traceIdOf } from './request-headers.ts';

const trace = `00-${'0af7651916cd43dd8448eb211c80319c'}-b7ad6b7169203331-01`;

function read(fields: Record<string, string>) {
  const message = headers();
  for (const [name, value] of Object.entries(fields)) message.set(name, value);
  return readRequestHeaders(message);
}

test('request headers - call id, deadline and traceparent are read; all others are not there', () => {
  expect(
    read({ 'Causeway-Call': 'c_1-A', 'Causeway-Deadline': '1700000000000', traceparent: trace }),
  ).toEqual({
    call: 'c_1-A',
    deadline: 1_700_000_000_000,
    traceparent: trace,
  });
  expect(read({ 'Causeway-Caller': 'cloud.admin', 'Nats-Trace-Dest': 'x', 'Nats-Msg-Id': '1' })).toEqual({
    call: undefined,
    deadline: undefined,
    traceparent: undefined,
  });
  expect(readRequestHeaders(undefined)).toEqual(read({}));
});

test.each(['', ' ', 'a b', 'a.b', 'a>', 'ä', 'a'.repeat(65)])(
  'request headers - call id %j counts as absent',
  (call) => {
    expect(read({ 'Causeway-Call': call }).call).toBeUndefined();
  },
);

test.each(['', '-1', '1.5', '1e3', '0x10', 'soon', '1'.repeat(16), 'Infinity', '٣'])(
  'request headers - deadline %j counts as absent',
  (deadline) => {
    expect(read({ 'Causeway-Deadline': deadline }).deadline).toBeUndefined();
  },
);

test.each([
  '',
  trace.toUpperCase(),
  trace.slice(1),
  `${trace}-00`,
  `01${trace.slice(2)}`,
  trace.replace('0af', 'xyz'),
])('request headers - traceparent %j counts as absent', (traceparent) => {
  expect(read({ traceparent }).traceparent).toBeUndefined();
});

test('request headers - the trace id is the second part of a traceparent', () => {
  expect(traceIdOf(trace)).toBe('0af7651916cd43dd8448eb211c80319c');
});
