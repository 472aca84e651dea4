import { createHmac } from 'node:crypto';
import type { QueueNames } from '@causeway/policy';

/**
 * Names of queue groups: an HMAC of what they are for. A hostile leaf that knew a group's name could join it
 * and swallow calls, so each (API, caller site, serving site) has a name of its own (ADR 0004).
 */
export function createQueueNames(secret: string): QueueNames {
  return ({ tenant, service, major, fromSite, toSite }) =>
    createHmac('sha256', secret)
      .update(`${tenant}/${service}/v${major}/${fromSite}/${toSite}`)
      .digest('base64url')
      .slice(0, 27);
}
