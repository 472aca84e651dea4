import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../test/support/manual-clock.ts';
import { createLogger } from './logger.ts';
import { rateLimitedLogger } from './rate-limited-logger.ts';

describe('rate-limited logger', () => {
  it('rate-limited logger - writes so many lines in a period, and says later how many it left out', async () => {
    const lines: Record<string, unknown>[] = [];
    const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
    const clock = manualClock();
    const logger = rateLimitedLogger(createLogger({ component: 'test', destination }), clock, {
      lines: 3,
      periodMs: 1_000,
    });
    for (let line = 0; line < 100; line += 1) logger.child({ site: 'edge-a' }).warn({ line }, 'dropped');
    expect(lines.map(({ line }) => line)).toEqual([0, 1, 2]);
    await clock.advance(999);
    logger.error({ line: 100 }, 'failed');
    expect(lines).toHaveLength(3);
    await clock.advance(1);
    logger.info({ line: 101 }, 'refused');
    logger.info({ line: 102 }, 'refused');
    expect(lines.slice(3)).toMatchObject([{ line: 101, omitted: 98 }, { line: 102 }]);
    expect(lines[4]).not.toHaveProperty('omitted');
    expect(lines[0]).toMatchObject({ site: 'edge-a', component: 'test', msg: 'dropped' });
  });
});
