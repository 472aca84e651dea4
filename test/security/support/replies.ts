import { until } from '../../support/until.ts';
import { type Cell, publishCells, type Surroundings } from './cells.ts';
import type { RawClient } from './raw-client.ts';
import type { Holder } from './rights.ts';

/** Somebody who is asked, and answers with permissions of his own. */
export interface Question {
  readonly subject: string;
  /** What is asked; the mark tells the questions apart. */
  readonly body: (mark: string) => string;
  /** Pattern of the inboxes that are the asker's own, as far as the subject pins who asks. */
  readonly own: string;
  /** The asker's own inbox, for a token: the reply subject that must be answered. */
  readonly inbox: (token: string) => string;
}

/** What came of naming foreign subjects as the place to answer to. */
export interface Reflections {
  readonly cells: number;
  /** Reply subjects that something was published on. */
  readonly reflected: readonly string[];
  /** Answers that came to the asker's own inbox: one for each cell. */
  readonly twins: number;
}

const batch = 200;

/** Subjects that carry records and state all the time; their neighbours `…matrix` stand for them. */
const busy = /^(deliver|mirror)\.[^.]+\.(AUDIT|compiled)$/;

/** Reply subjects that are the asker's own but for a slip. */
export function slips(inbox: (token: string) => string): string[] {
  const good = inbox('matrix');
  const tokens = good.split('.');
  return [
    tokens.slice(0, -1).join('.'),
    `${good}.matrix`,
    inbox('*'),
    inbox('>'),
    inbox('a+b'),
    inbox('x'.repeat(65)),
    `${tokens.slice(0, -2).join('.')}.*.matrix`,
    `x${good}`,
    good.toLowerCase(),
  ];
}

/** Every subject that is not the asker's own inbox: all of the grammar and all that is NATS's own. */
export function foreignReplies(
  holder: Holder,
  around: Surroundings,
  own: (subject: string) => boolean,
): string[] {
  return publishCells(holder, around)
    .map(({ subject }: Cell) => subject)
    .filter((subject) => !own(subject) && !busy.test(subject));
}

/** Whether a server itself tells of JetStream here, as it does whenever its API is used; no part answers so. */
function isAdvisory(data: Uint8Array): boolean {
  return /"type":\s*"io\.nats\.jetstream\.advisory\./.test(Buffer.from(data).toString());
}

/**
 * Asks once for each reply subject, and each time once more with an inbox of the asker's own. Witnesses hear all
 * there is at the servers that matter.
 */
export async function tryReplies(
  asker: RawClient,
  witnesses: readonly RawClient[],
  question: Question,
  replies: readonly string[],
): Promise<Reflections> {
  const wanted = new Set(replies);
  const reflected = new Set<string>();
  const ears = witnesses.map(({ connection }) =>
    connection.subscribe('>', {
      callback: (_, { subject, reply, data }) => {
        // An answer asks for none in return; what asks for one is the fabric's own business on that subject.
        if (wanted.has(subject) && !reply && !isAdvisory(data)) reflected.add(subject);
      },
    }),
  );
  await Promise.all(witnesses.map(({ connection }) => connection.flush()));
  let twins = 0;
  for (let start = 0; start < replies.length; start += batch) {
    const tries = replies.slice(start, start + batch);
    const inboxes = tries.map((_, offset) => question.inbox(`matrix-${start + offset}`));
    // The asker's inboxes are its site's gateway's too, which renews meanwhile: its answers are no twins.
    const unanswered = new Set(inboxes);
    const subscription = asker.connection.subscribe(question.inbox('*'), {
      callback: (err, { subject }) => void (err || unanswered.delete(subject)),
    });
    /** Asks with each reply whose twin is not answered yet: what was on its way over a link that is cut is lost. */
    const askAll = () => {
      for (const [offset, reply] of tries.entries()) {
        const own = inboxes[offset] as string;
        if (!unanswered.has(own)) continue;
        const mark = `${start + offset}`;
        asker.connection.publish(question.subject, question.body(`foreign-${mark}`), { reply });
        asker.connection.publish(question.subject, question.body(`own-${mark}`), { reply: own });
      }
    };
    askAll();
    let asked = performance.now();
    await until(
      `answers to ${question.subject} in the asker's own inbox`,
      () => {
        if (unanswered.size > 0 && performance.now() - asked > 3_000) {
          asked = performance.now();
          askAll();
        }
        return unanswered.size === 0;
      },
      { timeout: 50_000 },
    ).catch(() => undefined);
    twins += tries.length - unanswered.size;
    subscription.unsubscribe();
    await Promise.all(witnesses.map(({ connection }) => connection.flush()));
  }
  for (const ear of ears) ear.unsubscribe();
  return { cells: replies.length, reflected: [...reflected], twins };
}
