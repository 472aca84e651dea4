import { callerShard } from '@causeway/protocol';
import { expect, it } from 'vitest';
import { createCallers } from './callers.ts';

it('callers - nobody is known before he is told of, nor after his shard is gone', () => {
  const callers = createCallers();
  const standing = (tenant = 'acme', site = 'edge-b') => callers.standing(tenant, site, 'desk');
  expect(standing()).toBe('unknown');
  callers.set('acme', 'edge-b', callerShard('desk'), { names: ['desk'] });
  expect([standing(), standing('other'), standing('acme', 'edge-c')]).toEqual([
    'known',
    'unknown',
    'unknown',
  ]);
  callers.set('acme', 'edge-b', callerShard('desk'), { names: [], revoked: ['desk'] });
  expect(standing()).toBe('revoked');
  callers.set('acme', 'edge-b', callerShard('desk'), undefined);
  expect(standing()).toBe('unknown');
});
