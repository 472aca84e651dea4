import { CausewayError } from '@causeway/protocol';
import { describe, expect, it } from 'vitest';
import { parseDocuments } from '../input/parse-documents.ts';
import { placed } from './apply.ts';

const sources = [
  ...parseDocuments('kind: policy\n', 'a.yaml').documents,
  ...parseDocuments('kind: policy\n---\nkind: api\nservice: X\n', 'b.yaml').documents,
];

describe('apply', () => {
  it('apply - the registry counts documents, people have files', () => {
    const pointer = '/documents/2/service';
    const error = new CausewayError('INVALID_REQUEST', `manifest${pointer} must match`, { pointer });
    expect((placed(error, sources) as Error).message).toBe(
      'INVALID_REQUEST: b.yaml:4:10 (document 2): manifest/service must match; nothing was applied',
    );
  });

  it('apply - an error about no document stays as it is', () => {
    for (const error of [new CausewayError('UNREACHABLE', 'x'), new Error('y')]) {
      expect(placed(error, sources)).toBe(error);
    }
  });
});
