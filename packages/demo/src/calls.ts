import { CausewayError, type Clock } from '@causeway/protocol';

/** The endpoint that a call is made to. */
export interface CallTarget {
  readonly service: string;
  readonly major: number;
  readonly endpoint: string;
}

/** How one call of the demonstration ended, as its caller saw it. */
export interface CallReport {
  /** Trace id of the call, which its record carries too; calls that it led to have the same. */
  readonly trace: string;
  readonly from: { readonly site: string; readonly service: string };
  readonly to: CallTarget;
  /** OK, or the code of the refusal. */
  readonly code: string;
  /** Why it was refused, as the caller was told. */
  readonly reason?: string;
  readonly retryAfter?: number;
  readonly pointer?: string;
  readonly milliseconds: number;
}

/** Makes calls and reports how each of them ended. */
export interface ReportedCalls {
  /** Runs one call, and passes on what it gives or throws. A call without a traceparent is not reported. */
  run<T>(to: CallTarget, traceparent: string | undefined, call: () => Promise<T>): Promise<T>;
}

/** Creates it for the calls of one identity. */
export function createReportedCalls(options: {
  readonly from: CallReport['from'];
  readonly clock: Clock;
  readonly report: (report: CallReport) => void;
}): ReportedCalls {
  const { clock, report } = options;
  const from = { site: options.from.site, service: options.from.service };
  return {
    async run(to, traceparent, call) {
      const trace = traceparent?.split('-')[1];
      if (trace === undefined) return call();
      const started = clock.monotonic();
      const ended = (code: string, refusal?: CausewayError) => {
        report({ trace, from, to, code, milliseconds: clock.monotonic() - started, ...detailsOf(refusal) });
      };
      try {
        const result = await call();
        ended('OK');
        return result;
      } catch (thrown) {
        // Anything else is the reason of an aborted signal: nothing was answered.
        if (thrown instanceof CausewayError) ended(thrown.code, thrown);
        throw thrown;
      }
    },
  };
}

function detailsOf(refusal: CausewayError | undefined) {
  if (!refusal) return {};
  const { reason, retryAfter, pointer } = refusal;
  return {
    reason,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(pointer === undefined ? {} : { pointer }),
  };
}
