import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fabricLayout } from '@causeway/fabric';
import type { Msg } from 'nats';
import type { TestFabric } from '../../support/fabric.ts';
import { mark } from './arbitraries.ts';
import { honestTenant, hostileTenant, type Stage } from './stage.ts';

/** A subject that nobody should have been heard on, or a text that should not have been heard there. */
export interface Escape {
  readonly account: string;
  readonly site: string;
  readonly subject: string;
}

const heardByWitnesses = [
  // No `call.>`: with someone who hears everything, no call would be told that nobody listens.
  '_INBOX.>',
  'notify.>',
  'serve.*.victim.>',
  'answer.*.victim.>',
  'registry.*.victim.>',
  'call.*.victim.>',
  'control.>',
  'admin.>',
  'audit.>',
  'flow.>',
  '$JS.>',
  '$KV.>',
];
const players = '(?:edge-a\\.(?:fuzz|asker|liar|echo)|cloud\\.store|edge-b\\.bsvc)';
const inHostileTenant = new RegExp(
  `^(?:_INBOX\\.(?:${players}|edge-a\\.victim)\\.[\\w-]{1,64}\\.[\\w-]{1,64}|notify\\.${players}\\.\\w+|registry\\.edge-a\\.victim\\.(?:renew|discover|register))$`,
);
const inHonestTenant =
  /^(?:_INBOX\.(?:edge-a\.(?:teller|local)|cloud\.ledger)\.[\w-]{1,64}\.[\w-]{1,64}|notify\.(?:edge-a\.(?:teller|local)|cloud\.ledger)\.\w+)$/;
const markedInControl =
  /^(?:control\.edge-b\.|control\.edge-a\.register$|admin\.globex\.amy\.|_INBOX\.edge-[ab]\.gateway\.gw-1\.|_INBOX\.admin\.globex\.amy\.|_INBOX\.cloud\.registry\.)/;

/**
 * What the registry reads of its own documents comes to its inbox and shows the subject that it was stored under. It
 * reads them anew where two changes met. Whoever else is sent a document is an escape.
 */
const documents = '$KV.documents.';
const registryInbox = '_INBOX.cloud.registry.>';

/** Has witnesses listen where nothing of the fuzzer's may be heard. Gives what says what was, the first hundred. */
export async function listenForEscapes(stage: Stage): Promise<() => Promise<readonly Escape[]>> {
  const escapes: Escape[] = [];
  const listen = async (
    site: string,
    account: string,
    subjects: readonly string[],
    fine: (message: Msg, heardOn: string) => boolean,
  ) => {
    const { connection } = await stage.witnesses.at(site, account);
    for (const subject of subjects) {
      connection.subscribe(subject, {
        callback: (_, message) => {
          if (!fine(message, subject) && escapes.length < 100)
            escapes.push({ account, site, subject: message.subject });
        },
      });
    }
    await connection.flush();
    return connection;
  };
  const marked = ({ data }: Msg) => Buffer.from(data.buffer, data.byteOffset, data.length).includes(mark);
  for (const site of ['edge-a', 'cloud']) {
    await listen(site, hostileTenant, heardByWitnesses, ({ subject }) => inHostileTenant.test(subject));
    await listen(
      site,
      honestTenant,
      heardByWitnesses,
      (message) => inHonestTenant.test(message.subject) && !marked(message),
    );
  }
  // Those in inboxes, less those in the registry's: the same message is heard on both.
  let strayDocuments = 0;
  const control = ['control.>', 'admin.>', '_INBOX.>', 'enroll.>', registryInbox];
  const connection = await listen('cloud', 'CONTROL', control, (message, heardOn) => {
    if (!message.subject.startsWith(documents)) {
      return markedInControl.test(message.subject) || !marked(message);
    }
    strayDocuments += heardOn === registryInbox ? -1 : 1;
    return true;
  });
  return async () => {
    await connection.flush();
    if (strayDocuments === 0) return escapes;
    return [...escapes, { account: 'CONTROL', site: 'cloud', subject: `${strayDocuments} documents` }];
  };
}

/** Lines of logs that are written because of what the fuzzer does, and why they are no fault. */
const expectedLines: readonly [file: RegExp, text: RegExp, why: string][] = [
  [/^server-/, /:node:fuzz\\*"/, 'the server says what is wrong with a client of the fuzzer, or cuts it off'],
  [
    /^server-edge-b/,
    /\/site-edge-b\/.*Publish Violation/,
    'the owner of edge-b stores under what is no subject',
  ],
  [/^server-/, /won't be able to trace events/, 'a header that asks for a trace to nowhere, over a link'],
  [
    /^server-/,
    /TLS handshake error|authentication (?:error|timeout)/,
    'a client that left in the midst of its greeting',
  ],
];

/** Where the logs of a fabric ended when it was asked. */
export async function logPositions(fabric: TestFabric): Promise<Map<string, number>> {
  const { logs } = fabricLayout(fabric.dir);
  const files = await readdir(logs);
  return new Map(
    await Promise.all(files.map(async (file) => [file, (await stat(path.join(logs, file))).size] as const)),
  );
}

/** Errors, and lines that are no log lines at all (a stack), since these positions; the first hundred. */
export async function newLogErrors(fabric: TestFabric, from: ReadonlyMap<string, number>): Promise<string[]> {
  const { logs } = fabricLayout(fabric.dir);
  const found: string[] = [];
  for (const file of await readdir(logs)) {
    const text = (await readFile(path.join(logs, file))).subarray(from.get(file) ?? 0).toString();
    for (const line of text.split('\n')) {
      if (line === '' || found.length >= 100 || !isError(line)) continue;
      if (expectedLines.some(([name, pattern]) => name.test(file) && pattern.test(line))) continue;
      found.push(`${file}: ${line.slice(0, 1_500)}`);
    }
  }
  return found;
}

function isError(line: string): boolean {
  try {
    return Number((JSON.parse(line) as { level?: number }).level) >= 50;
  } catch {
    return true;
  }
}
