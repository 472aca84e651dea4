import { get } from 'node:http';
import type { Context } from '../context.ts';

/** How long a server's monitor is waited for, in ms. */
export const monitorTimeoutMs = 2_000;

/** A monitor page; undefined where there is none in time. */
export function readPage(
  context: Pick<Context, 'clock'>,
  url: string,
): Promise<Record<string, unknown> | undefined> {
  return new Promise((resolve) => {
    const request = get(url, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('error', () => resolve(undefined));
      response.on('end', () => {
        try {
          resolve(JSON.parse(text) as Record<string, unknown>);
        } catch {
          resolve(undefined);
        }
      });
    });
    const cancel = context.clock.after(monitorTimeoutMs, () => request.destroy());
    request.on('error', () => resolve(undefined));
    request.on('close', () => {
      cancel();
      resolve(undefined);
    });
  });
}
