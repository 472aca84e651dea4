import { type Clock, encodeJson, type Site, subjects } from '@causeway/protocol';
import type { NatsConnection } from 'nats';

/** The last token of the subject on which a gateway is told that something changed for its site. */
const hintToken = 'changed';

/** Milliseconds after which a hint is given again that no receipt has come for; a receipt takes some tens. */
const againMs = [300, 700, 1_500];

/** Tells sites' gateways that something changed for them, so that they ask at once. */
export interface Hints {
  changed(site: string, revision: number): void;
  close(): void;
}

/**
 * Creates it. A hint that is lost is given again; one that is lost each time costs no more than the time until the
 * gateway's next renewal, whose reply says the same.
 */
export function createHints(options: {
  connection: Pick<NatsConnection, 'publish'>;
  /** A site as it stands; undefined where nobody is to be told. */
  siteOf: (name: string) => Site | undefined;
  /** Whether the site has said that it has the revision. */
  has: (site: Site, revision: number) => boolean;
  clock: Pick<Clock, 'after'>;
}): Hints {
  const { connection, siteOf, has, clock } = options;
  /** What cancels the next hint, by site: a newer change takes the place of an older one. */
  const waiting = new Map<string, () => void>();

  function hint(site: Site, revision: number): void {
    for (const gateway of Object.keys(site.gateways)) {
      const subject = subjects.inbox.build({
        site: site.name,
        caller: 'gateway',
        connection: gateway,
        token: hintToken,
      });
      connection.publish(subject, encodeJson({ revision }));
    }
  }

  function tell(name: string, revision: number, times: number): void {
    waiting.delete(name);
    const site = siteOf(name);
    if (!site || (times > 0 && has(site, revision))) return;
    hint(site, revision);
    const wait = againMs[times];
    if (wait !== undefined)
      waiting.set(
        name,
        clock.after(wait, () => tell(name, revision, times + 1)),
      );
  }

  return {
    changed(site, revision) {
      waiting.get(site)?.();
      tell(site, revision, 0);
    },
    close() {
      for (const cancel of waiting.values()) cancel();
      waiting.clear();
    },
  };
}
