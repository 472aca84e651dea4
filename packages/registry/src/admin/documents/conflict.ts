import { type AdminRecord, CausewayError, changedFields } from '@causeway/protocol';

/** Acts that are named in a refusal; of more, the last ones. */
const mostNamed = 3;
const mostFields = 5;

function actOf({ admin, scope, tenant, op, at, revision, before, after }: AdminRecord): string {
  const who =
    (scope ?? tenant) === 'any'
      ? `${admin}, the fabric’s administrator,`
      : `${admin} of tenant ${scope ?? tenant}`;
  const fields = changedFields(before, after).map(({ pointer }) => pointer);
  const some = `${fields.slice(0, mostFields).join(', ')}${fields.length > mostFields ? ' …' : ''}`;
  const what = before === null ? 'created it' : after === null ? 'deleted it' : `changed ${some}`;
  return `${who} ${what} at ${new Date(at).toISOString()} (${op}, revision ${revision})`;
}

/** CONFLICT for a document that is not as it was when it was read: who was faster, and with what. */
export function conflict(options: {
  /** What it is, for people: `policy p1 of tenant acme`. */
  readonly name: string;
  readonly pointer: string;
  /** The revision that was read. */
  readonly read: number;
  /** The one that stands; 0 where the document is not there. */
  readonly stands: number;
  readonly since: readonly AdminRecord[];
}): CausewayError {
  const { name, pointer, read, stands, since } = options;
  const earlier = since.length > mostNamed ? `${since.length - mostNamed} changes, and then ` : '';
  const who =
    since.length > 0
      ? `${earlier}${since.slice(-mostNamed).map(actOf).join('; ')}`
      : stands === 0
        ? 'it is not there'
        : 'no administrator did: a service registered it, or it is too long ago';
  const state = stands === 0 ? 'is there no more' : `is at revision ${stands}`;
  return new CausewayError(
    'CONFLICT',
    `${name} was read at revision ${read} and ${state}: ${who}; read it again, and apply the change to what stands now`,
    { pointer },
  );
}
