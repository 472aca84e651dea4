import { CausewayError, errorTable, isErrorCode, readReply } from '@causeway/protocol';
import { systemClock } from '@causeway/transport';
import type { RawMessage } from './raw-socket.ts';

/** What is known of the answers to what was sent. */
export interface Answers {
  /** A request that must be answered; gives the last token of its inbox. */
  expect(what: string): string;
  /** A token whose answer, if there is one, says nothing. */
  ignore(): string;
  /** Something came to an inbox of the fuzzer's. */
  heard(message: RawMessage): void;
  readonly outstanding: number;
  /** Answers by code; `OK` for what was done, `nobody` for the broker's own 503. */
  readonly codes: ReadonlyMap<string, number>;
  /** What was not answered, twice, or with something that is no answer; the first hundred. */
  readonly faults: readonly string[];
  /** Resolves when fewer than so many are outstanding; what waits too long is a fault and no longer counts. */
  below(limit: number): Promise<void>;
}

/** A call without a deadline of its own is given 30 s by a gateway. */
const patienceMs = 45_000;
/** Answers that are remembered to notice a second one. */
const remembered = 5_000;

/** Keeps the account of answers. */
export function createAnswers(): Answers {
  const waiting = new Map<string, { readonly what: string; readonly since: number }>();
  const done = new Map<string, string>();
  const codes = new Map<string, number>();
  const faults: string[] = [];
  let tokens = 0;
  let wake = () => {};
  // Like no token that a reply subject of another's is made with.
  const next = () => `n-${(tokens++).toString(36)}`;
  const fault = (text: string) => {
    if (faults.length < 100) faults.push(text);
  };

  function expire(): void {
    const now = systemClock.monotonic();
    for (const [token, { what, since }] of waiting) {
      if (now - since < patienceMs) break;
      waiting.delete(token);
      fault(`no answer to ${what}`);
    }
  }

  return {
    expect(what) {
      const token = next();
      waiting.set(token, { what, since: systemClock.monotonic() });
      return token;
    },
    ignore: () => `x${next()}`,
    heard(message) {
      const token = message.subject.slice(message.subject.lastIndexOf('.') + 1);
      const request = waiting.get(token);
      if (!request) {
        const what = done.get(token);
        if (what !== undefined) fault(`a second answer to ${what}`);
        return;
      }
      waiting.delete(token);
      done.set(token, request.what);
      if (done.size > remembered) done.delete(done.keys().next().value as string);
      const code = codeOf(message);
      if (code.startsWith('?')) fault(`${code} as the answer to ${request.what}`);
      codes.set(code, (codes.get(code) ?? 0) + 1);
      wake();
    },
    get outstanding() {
      return waiting.size;
    },
    codes,
    faults,
    async below(limit) {
      while (waiting.size >= limit) {
        let cancel = () => {};
        await new Promise<void>((resolve) => {
          wake = resolve;
          cancel = systemClock.after(500, resolve);
        });
        cancel();
        expire();
      }
    },
  };
}

/** The code of an answer; begins with `?` for what is none. */
function codeOf({ headers, body }: RawMessage): string {
  const text = headers?.toString('latin1') ?? '';
  if (/^NATS\/1\.0 503/.test(text) && body.length === 0) return 'nobody';
  const number = /^Nats-Service-Error-Code: *(\S+)/im.exec(text)?.[1];
  if (number === undefined) return 'OK';
  try {
    // Any type will do: what has the form of a refusal is thrown as one.
    readReply('Refusal', body);
  } catch (error) {
    if (!(error instanceof CausewayError)) return `? ${String(error)}`;
    const known = isErrorCode(error.code) && String(errorTable[error.code].number) === number;
    return known ? error.code : `? ${error.code} with the number ${number}`;
  }
  return `? ${body.toString('latin1').slice(0, 200)}`;
}
