import { encodeUser, fmtCreds } from '@nats-io/jwt';
import { createAccount, createOperator, createServer, createUser } from 'nkeys.js';
import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';

function captured() {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, logger: createLogger({ component: 'test', level: 'debug', destination }) };
}

describe('logger', () => {
  it('logger - writes no seed, private key, JWT or PEM key, wherever it stands', async () => {
    const user = createUser();
    const decoder = new TextDecoder();
    const jwt = await encodeUser('quotes', user, createAccount());
    const pairs = [user, createAccount(), createOperator(), createServer()];
    const pem = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----';
    const secrets = [
      ...pairs.map((pair) => decoder.decode(pair.getSeed())),
      decoder.decode(user.getPrivateKey()),
      jwt,
      'MC4CAQAwBQYDK2VwBCIEIA',
    ];
    const [bare] = secrets.splice(-1);
    const all = [...secrets, decoder.decode(fmtCreds(jwt, user)), pem].join(' ');
    const { lines, logger } = captured();
    logger.info({ seed: secrets[0], user: { jwt }, deep: { er: { password: 'hunter2' } } }, 'by name');
    logger.warn({ text: all, list: [all], nested: { a: { b: { c: all } } } }, 'in strings');
    logger.error({ err: new Error(all, { cause: new Error(all) }) }, 'in errors');
    logger.child({ bound: all }).debug({}, all);
    expect(lines).toHaveLength(4);
    for (const secret of [...secrets, bare, 'hunter2']) expect(lines.join('')).not.toContain(secret);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ component: 'test' });
  });

  it('logger - leaves public keys and ordinary text alone', () => {
    const { lines, logger } = captured();
    const key = createUser().getPublicKey();
    logger.info({ key, subject: 'call.edge-a.desk.any.quotes.v1.latest' }, 'plain');
    expect(JSON.parse(lines[0] as string)).toMatchObject({ key, msg: 'plain' });
  });
});
