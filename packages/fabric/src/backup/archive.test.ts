import { systemRandom } from '@causeway/transport';
import { describe, expect, it } from 'vitest';
import { FabricError } from '../settings.ts';
import { type Archive, backupFormat, packArchive, unpackArchive } from './archive.ts';

const archive: Archive = {
  ...{ state: 1, made: 1_767_323_045_678, revision: 7 },
  documents: [{ kind: 'account', name: 'acme', publicKey: 'A', jwt: 'e.y.J' }],
  files: [{ path: 'operator/operator.nk', open: false, text: 'SO-secret' }],
};
const passphrase = 'correct horse battery';

const open = (bytes: Buffer, given?: string) => unpackArchive(bytes, given, 'x.backup');

describe('archive', () => {
  it.each([[undefined], [passphrase]])('archive - is read as it was written, with passphrase %j', (given) => {
    expect(open(packArchive(archive, given, systemRandom), given)).toEqual(archive);
  });

  it('archive - sealed, it shows nothing of a key, never looks the same, and opens with no other passphrase', () => {
    const [one, two] = [0, 1].map(() => packArchive(archive, passphrase, systemRandom)) as [Buffer, Buffer];
    expect(one.includes('SO-secret')).toBe(false);
    expect(one.equals(two)).toBe(false);
    expect(() => open(one)).toThrow(new FabricError('x.backup is sealed; give --passphrase-file'));
    expect(() => open(one, 'correct horse')).toThrow('the passphrase is another, or the file is damaged');
  });

  it('archive - a byte changed anywhere, or any end cut off, is noticed', () => {
    for (const given of [undefined, passphrase]) {
      const whole = packArchive(archive, given, systemRandom);
      const start = whole.indexOf(0x0a);
      for (const at of [start - 4, start + 40, whole.length - 3]) {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] as number) ^ 0x10;
        expect(() => open(changed, given)).toThrow(FabricError);
      }
      for (const length of [0, 10, start + 1, start + 9, whole.length - 1]) {
        expect(() => open(whole.subarray(0, length), given)).toThrow(FabricError);
      }
    }
  });

  it('archive - a newer format is refused with both versions, and what is none is no backup', () => {
    const newer = Buffer.from(`{"causeway":"backup","format":${backupFormat + 1}}\n`);
    expect(() => open(newer)).toThrow(
      `x.backup has format ${backupFormat + 1}; this version of Causeway reads up to ${backupFormat}: use a newer one`,
    );
    for (const text of ['', '\n', '{}\n', 'null\n', 'PK\u0003\u0004', 'x'.repeat(9_000)]) {
      expect(() => open(Buffer.from(text))).toThrow('x.backup is no backup of Causeway');
    }
  });

  it('archive - one that is not sealed does not pass for the sealed one in whose place it was put', () => {
    const forged = packArchive({ ...archive, files: [] }, undefined, systemRandom);
    expect(() => open(forged, passphrase)).toThrow('x.backup is not sealed, though a passphrase was given');
    // Nor one whose first line says so of what is sealed.
    const whole = packArchive(archive, passphrase, systemRandom);
    const bare = Buffer.concat([
      Buffer.from('{"causeway":"backup","format":1}\n'),
      whole.subarray(whole.indexOf(0x0a) + 1),
    ]);
    for (const given of [passphrase, undefined]) expect(() => open(bare, given)).toThrow(FabricError);
  });

  it('archive - whoever wrote it cannot make this machine work for hours', () => {
    const whole = packArchive(archive, passphrase, systemRandom);
    const end = whole.indexOf(0x0a);
    const line = whole
      .subarray(0, end)
      .toString()
      .replace(/"N":\d+/, '"N":1073741824');
    const dear = Buffer.concat([Buffer.from(line), whole.subarray(end)]);
    expect(dear.equals(whole)).toBe(false);
    expect(() => open(dear, passphrase)).toThrow('x.backup is damaged');
  });
});
