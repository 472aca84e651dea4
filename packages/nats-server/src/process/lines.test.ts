import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { eachLine, parseServerLine } from './lines.ts';

it.each([
  ['[12] 2026/11/22 10:00:00.000000 [INF] Server is ready', 'info', 'Server is ready'],
  ['[12] 2026/11/22 10:00:00.000000 [FTL] Error listening on port', 'error', 'Error listening on port'],
  ['[12] 2026/11/22 10:00:00.000000 [WRN] slow', 'warn', 'slow'],
  ['nats-server: open hub.conf: no such file', 'error', 'nats-server: open hub.conf: no such file'],
  ['', 'info', ''],
])('server log - takes apart %j', (line, level, text) => {
  expect(parseServerLine(line)).toEqual({ level, text });
});

it('server log - lines are whole, however the text is cut', async () => {
  const lines: string[] = [];
  const stream = Readable.from(['on', 'e\ntw', 'o\r\nthr', 'ee']);
  eachLine(stream, (line) => lines.push(line));
  await new Promise((resolve) => stream.on('close', resolve));
  expect(lines).toEqual(['one', 'two', 'three']);
});
