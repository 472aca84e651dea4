import { apiName, headers, type Logger, parseDeprecation } from '@causeway/protocol';
import type { Reply } from './refusal.ts';
import type { DeprecatedApi } from './types.ts';

/** What replies say of the deprecation of APIs. */
export interface Deprecations {
  /**
   * Looks at a reply; the deprecation that it tells, if it does. The first of each API is logged. `onDeprecated` is told
   * it; what that throws is logged, for the call has run and must not look as if it had failed.
   */
  note(
    service: string,
    major: number,
    reply: Reply,
    onDeprecated?: (told: DeprecatedApi) => void,
  ): DeprecatedApi | undefined;
  /** Those that replies have told, as they did last. */
  readonly known: readonly DeprecatedApi[];
}

/** Creates an empty set of them. */
export function createDeprecations(logger: Logger): Deprecations {
  const known = new Map<string, DeprecatedApi>();
  return {
    note(service, major, reply, onDeprecated) {
      // Most replies have no headers at all.
      const text = reply.headers?.get(headers.deprecation);
      const since = text ? parseDeprecation(text) : undefined;
      if (since === undefined) return undefined;
      const api = apiName(service, major);
      const told = { service, major, since };
      if (known.get(api)?.since !== since) {
        logger.warn({ api, since: new Date(since).toISOString() }, 'a deprecated API is called');
      }
      known.set(api, told);
      try {
        onDeprecated?.(told);
      } catch (err) {
        logger.error({ err, api }, 'onDeprecated failed');
      }
      return told;
    },
    get known() {
      return [...known.values()];
    },
  };
}
