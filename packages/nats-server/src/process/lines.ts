import type { Readable } from 'node:stream';

/** One line of nats-server's log, taken apart. */
export interface ServerLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** The text behind pid, time and level; the whole line where it has none of them. */
  readonly text: string;
}

const levels: Readonly<Record<string, ServerLine['level']>> = {
  TRC: 'debug',
  DBG: 'debug',
  INF: 'info',
  WRN: 'warn',
  ERR: 'error',
  FTL: 'error',
};

/** Takes apart `[4711] 2026/11/22 10:00:00.000000 [INF] Server is ready`. */
export function parseServerLine(line: string): ServerLine {
  const match = /^\[\d+\] \S+ \S+ \[([A-Z]{3})\] (.*)$/.exec(line);
  const level = levels[match?.[1] ?? ''];
  if (level !== undefined) return { level, text: match?.[2] ?? '' };
  // What goes wrong before there is a log is printed bare: `nats-server: open operator.jwt: no such file`.
  return { level: line.startsWith('nats-server: ') ? 'error' : 'info', text: line };
}

/** Calls back for each line of a stream of text, without its line end; the last one need not have one. */
export function eachLine(stream: Readable, callback: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) callback(line);
  });
  stream.on('end', () => {
    if (rest !== '') callback(rest);
    rest = '';
  });
}
