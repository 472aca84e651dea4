import { type SubjectKind, subjects } from '@causeway/protocol';
import { type Holder, type Right, rightsOf } from './rights.ts';
import { covers } from './subject-match.ts';

/** Names that the cells of a matrix are made of, beside those of the role's holder. */
export interface Surroundings {
  readonly sites: readonly string[];
  readonly tenants: readonly string[];
  /** Services and gateways that are not the holder. */
  readonly others: readonly string[];
  /** Streams of the account at this server, with their consumers. */
  readonly streams: Readonly<Record<string, readonly string[]>>;
  /** The JetStream domain of the server, which it takes off a subject before it looks at permissions. */
  readonly domain: string;
  readonly accountKey: string;
}

/** One subject to try. */
export interface Cell {
  readonly subject: string;
  /** Where it is of the grammar: its kind and fields, `*` for one that is left open. */
  readonly kind?: SubjectKind;
  readonly fields?: Readonly<Record<string, string>>;
}

const maxProduct = 64;

/** What a field can say: the holder's own first, then others'. */
function candidates(name: string, kind: string, holder: Holder, around: Surroundings): string[] {
  const unique = (values: (string | undefined)[]) => [
    ...new Set(values.filter((value) => value !== undefined)),
  ];
  const names = unique([holder.name, ...(holder.hosts ?? []), ...around.others]);
  if (name === 'class') return ['access', 'admin'];
  if (/site$|^source$/i.test(name)) {
    return unique([holder.site, ...around.sites, kind === 'target' ? 'any' : undefined]);
  }
  if (name === 'tenant')
    return unique([holder.tenant, ...around.tenants, kind === 'scope' ? 'any' : undefined]);
  if (kind === 'holder') return [...names, 'gateway'];
  if (kind === 'signer') return unique([...names, 'registry']);
  if (kind === 'name') return names;
  if (name === 'connection' || name === 'grant') return unique([holder.name, 'matrix']);
  return [kind === 'major' ? '1' : 'matrix'];
}

type Choice = { readonly name: string; readonly values: readonly string[] };

/** All combinations; where those are too many, the holder's own with one and with two fields changed. */
function combinations(choices: readonly Choice[]): Record<string, string>[] {
  const size = choices.reduce((product, { values }) => product * values.length, 1);
  const most = size <= maxProduct ? choices.length : 2;
  const result: Record<string, string>[] = [];
  const walk = (index: number, changed: number, chosen: Record<string, string>) => {
    const choice = choices[index];
    if (!choice) {
      result.push(chosen);
      return;
    }
    for (const [at, value] of choice.values.entries()) {
      if (at > 0 && changed === most) break;
      walk(index + 1, changed + (at > 0 ? 1 : 0), { ...chosen, [choice.name]: value });
    }
  };
  walk(0, 0, {});
  return result;
}

function build(kind: SubjectKind, fields: Readonly<Record<string, string>>): Cell | undefined {
  const template = subjects[kind] as { pattern(values: object): string };
  const filled = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '*'));
  try {
    return { subject: template.pattern(filled), kind, fields };
  } catch (error) {
    // A name that is reserved cannot stand in this field.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Every subject of the grammar, with the holder's own names and with others', field by field. */
function grammarCells(holder: Holder, around: Surroundings, patterns: boolean): Cell[] {
  return (Object.keys(subjects) as SubjectKind[]).flatMap((kind) => {
    const choices = subjects[kind].fields.map((field) => ({
      name: field.name,
      values: candidates(field.name, field.kind, holder, around),
    }));
    const literals = combinations(choices);
    if (!patterns) return literals.flatMap((fields) => build(kind, fields) ?? []);
    // Wildcards: one field open, all but one open, all open; in the holder's own and in another's.
    const bases = [literals[0], literals.at(-1)] as Record<string, string>[];
    const open = bases.flatMap((base) => [
      ...choices.map(({ name }) => ({ ...base, [name]: '*' })),
      ...choices.map(({ name }) =>
        Object.fromEntries(
          choices.map((each) => [each.name, each.name === name ? (base[name] ?? '*') : '*']),
        ),
      ),
      Object.fromEntries(choices.map(({ name }) => [name, '*'])),
    ]);
    return [...literals, ...open].flatMap((fields) => build(kind, fields) ?? []);
  });
}

/** `call.>`, `call.*.>`, `call.edge-a.>` … for every first word of the grammar. */
function wideCells(around: Surroundings): string[] {
  const roots = new Set(Object.values(subjects).map(({ template }) => template.split('.')[0] as string));
  return [
    '>',
    '*',
    '*.>',
    '*.*',
    '*.*.>',
    ...[...roots].flatMap((root) => [
      `${root}.>`,
      `${root}.*.>`,
      ...[...around.sites, ...around.tenants, 'any'].map((name) => `${root}.${name}.>`),
    ]),
  ];
}

const accountVerbs = ['INFO', 'STREAM.NAMES', 'STREAM.LIST', 'STREAM.CREATE.matrix', 'META.LEADER.STEPDOWN'];
const streamVerbs = ['UPDATE', 'INFO', 'DELETE', 'PURGE', 'RESTORE', 'SNAPSHOT', 'MSG.GET', 'MSG.DELETE'];
const consumerVerbs = ['INFO', 'DELETE', 'RESET', 'MSG.NEXT', 'PAUSE', 'UNPIN', 'LEADER.STEPDOWN'];

function jetStreamCells(around: Surroundings, holder: Holder): string[] {
  const verbs = Object.entries(around.streams).flatMap(([stream, consumers]) => [
    ...streamVerbs.map((verb) => `STREAM.${verb}.${stream}`),
    `STREAM.LEADER.STEPDOWN.${stream}`,
    `DIRECT.GET.${stream}`,
    `DIRECT.GET.${stream}.matrix`,
    ...around.tenants.flatMap((tenant) =>
      around.sites.flatMap((site) => [
        `DIRECT.GET.${stream}.audit.${tenant}.${site}.${holder.name}.access`,
        `DIRECT.GET.${stream}.audit.${tenant}.${site}.gw-2.access`,
        `DIRECT.GET.${stream}.flow.${site}.${tenant}.matrix`,
        `DIRECT.GET.${stream}.from.${site}.flow.${site}.${tenant}.matrix`,
        `DIRECT.GET.${stream}.from.${site}.audit.${tenant}.matrix`,
      ]),
    ),
    `CONSUMER.CREATE.${stream}`,
    `CONSUMER.CREATE.${stream}.matrix`,
    `CONSUMER.CREATE.${stream}.matrix.audit.acme.>`,
    `CONSUMER.DURABLE.CREATE.${stream}.matrix`,
    `CONSUMER.NAMES.${stream}`,
    `CONSUMER.LIST.${stream}`,
    ...['matrix', ...consumers].flatMap((consumer) =>
      consumerVerbs.map((verb) => `CONSUMER.${verb}.${stream}.${consumer}`),
    ),
  ]);
  const all = [...accountVerbs, ...verbs];
  const domains = [around.domain, ...around.sites.filter((site) => site !== around.domain), 'matrix'];
  return [
    ...all.map((verb) => `$JS.API.${verb}`),
    ...domains.flatMap((domain) => [
      ...accountVerbs.map((verb) => `$JS.${domain}.API.${verb}`),
      ...Object.entries(around.streams).flatMap(([stream, consumers]) => [
        `$JS.${domain}.API.STREAM.INFO.${stream}`,
        `$JS.${domain}.API.STREAM.PURGE.${stream}`,
        `$JS.${domain}.API.CONSUMER.CREATE.${stream}.matrix`,
        ...consumers.map((consumer) => `$JS.${domain}.API.CONSUMER.RESET.${stream}.${consumer}`),
      ]),
      // What the cloud collects by, in whatever account it is tried.
      ...['AUDIT', 'FLOW'].flatMap((stream) => [
        `$JS.${domain}.API.CONSUMER.MSG.NEXT.${stream}.cloud`,
        `$JS.${domain}.API.CONSUMER.RESET.${stream}.cloud`,
      ]),
    ]),
    ...Object.entries(around.streams).flatMap(([stream, consumers]) =>
      consumers.flatMap((consumer) => [
        `$JS.ACK.${stream}.${consumer}.1.1.1.1.1`,
        `$JS.FC.${stream}.${consumer}.matrix`,
      ]),
    ),
  ];
}

/** What is NATS's own: the words of the machinery, of system accounts and of links. */
function machineryCells(around: Surroundings): string[] {
  return [
    ...around.sites.flatMap((site) => [
      `deliver.${site}.AUDIT`,
      `mirror.${site}.compiled`,
      `deliver.${site}.matrix`,
      `mirror.${site}.matrix`,
      `$JSC.R.${site}.matrix`,
      `$JSC.R.cloud.matrix.KV_compiled.${site}.matrix`,
      `$KV.compiled.${site}.matrix`,
      `in.matrix.from.${site}.audit.acme.${site}.gw-1.access`,
      `in.from.${site}.flow.${site}.acme.matrix`,
      `_INBOX.${site}.broker.matrix`,
      `_INBOX.${site}.auditor.matrix`,
      `_INBOX.${site}.registry.matrix`,
    ]),
    ...[...around.tenants, 'any'].map((tenant) => `_INBOX.ops.${tenant}.console-x.matrix`),
    ...['documents', 'compiled', 'quotas', 'matrix'].map((bucket) => `$KV.${bucket}.matrix`),
    ...['_INBOX.sys.matrix', '_INBOX.enroll.other.matrix', '_INBOX.matrix', '_INBOX.matrix.matrix'],
    ...['$O.matrix.C.matrix', '$MQTT.matrix', '$NRG.V.matrix', '$LDS.matrix', '$GR.matrix', '_GR_.matrix.x'],
    ...['_R_.matrix', '_R_.matrix.matrix', '$SRV.PING', '$SRV.INFO.quotes', '$SRV.STATS.quotes.x', 'matrix'],
    ...[
      '$JS.EVENT.ADVISORY.API',
      '$JS.EVENT.METRIC.matrix',
      '$JS.ACK.matrix',
      '$JS.FC.matrix',
      '$JSC.matrix',
    ],
    ...['UPDATE', 'LIST', 'DELETE', 'PACK'].map((verb) => `$SYS.REQ.CLAIMS.${verb}`),
    ...[
      'IDZ',
      'STATSZ',
      'VARZ',
      'SUBSZ',
      'CONNZ',
      'LEAFZ',
      'ACCOUNTZ',
      'JSZ',
      'KICK',
      'LDM',
      'RELOAD',
    ].flatMap((verb) => [`$SYS.REQ.SERVER.matrix.${verb}`, `$SYS.REQ.SERVER.PING.${verb}`]),
    ...['$SYS.REQ.USER.INFO', '$SYS.REQ.SERVER.PING', '$SYS.REQ.ACCOUNT.NSUBS', '$SYS.matrix'],
    ...['CLAIMS.LOOKUP', 'CONNZ', 'SUBSZ', 'INFO'].map(
      (verb) => `$SYS.REQ.ACCOUNT.${around.accountKey}.${verb}`,
    ),
    ...['CONNECT', 'DISCONNECT', 'SERVER.CONNS'].map((event) => `$SYS.ACCOUNT.${around.accountKey}.${event}`),
    ...['CLIENT.AUTH.ERR', 'STATSZ'].map((event) => `$SYS.SERVER.matrix.${event}`),
  ];
}

const machineryPatterns = [
  ...['$JS.>', '$JS.API.>', '$JS.API.*.>', '$JS.*.API.>', '$JS.ACK.>', '$JS.FC.>', '$JS.EVENT.>', '$JSC.>'],
  ...[
    '$JSC.R.>',
    '$KV.>',
    '$KV.*.>',
    '$KV.compiled.>',
    '$SYS.>',
    '$SYS.REQ.>',
    '$SYS.ACCOUNT.>',
    '$SYS.*.*.*',
  ],
  ...['$SYS.SERVER.>', '_R_.>', '_R_.*', '$SRV.>', '$LDS.>', '$GR.>', '_GR_.>', '$MQTT.>', '$NRG.>', '$O.>'],
  ...[
    'deliver.>',
    'mirror.>',
    'in.>',
    'in.*.>',
    '_INBOX.sys.>',
    '_INBOX.ops.>',
    '_INBOX.enroll.>',
    '_INBOX.*.*',
    '_INBOX.*.*.>',
  ],
];

function distinct(cells: readonly Cell[]): Cell[] {
  return [...new Map(cells.map((cell) => [cell.subject, cell])).values()];
}

/** Every subject that a holder tries to publish to. */
export function publishCells(holder: Holder, around: Surroundings): Cell[] {
  const raws = [
    ...wideCells(around),
    ...jetStreamCells(around, holder),
    ...machineryCells(around),
    // What it may publish by a wildcard, also as one subject.
    ...rightsOf(holder).publish.flatMap((right) =>
      'raw' in right ? [right.raw, right.raw.replace(/>$/, 'matrix')] : [],
    ),
  ];
  return distinct([...raws.map((subject) => ({ subject })), ...grammarCells(holder, around, false)]);
}

/** What a witness must not publish to see who hears it, since the server would do it. */
const effective =
  /\.(DELETE|PURGE|UPDATE|CREATE|RESTORE|SNAPSHOT|RESET|STEPDOWN|PAUSE|UNPIN|KICK|LDM|RELOAD|PACK)(\.|$)/;

/** Every subject and pattern that a holder tries to subscribe to. */
export function subscribeCells(holder: Holder, around: Surroundings): Cell[] {
  const raws = [
    ...wideCells(around),
    ...jetStreamCells(around, holder),
    ...machineryCells(around),
    ...machineryPatterns,
    ...rightsOf(holder).subscribe.flatMap((right) => ('raw' in right ? [right.raw] : [])),
  ].filter((subject) => !effective.test(subject));
  return distinct([...raws.map((subject) => ({ subject })), ...grammarCells(holder, around, true)]);
}

/** True where publishing a line of text there does no harm that would spoil the cells that come after it. */
export function isHarmless(subject: string): boolean {
  if (subject.startsWith('$KV.') || /^\$JS\.FC\.|[*>]/.test(subject)) return false;
  return !effective.test(subject) || subject === '$SYS.REQ.CLAIMS.UPDATE';
}

/** True where the rights cover the cell. */
export function isAllowed(cell: Cell, granted: readonly Right[], around: Surroundings): boolean {
  const subject = unmapped(cell.subject, around);
  return granted.some((right) => {
    if ('raw' in right) return covers(right.raw, subject);
    if (right.subject !== cell.kind) return false;
    return Object.entries(right.where).every(([field, value]) => cell.fields?.[field] === value);
  });
}

/**
 * True for a wildcard that is not of the grammar where a right of the grammar reaches just as far, as
 * `serve.edge-a.>` does for a holder of `serve` at edge-a. Such a cell says nothing: allowed or not is right.
 */
export function isMoot(cell: Cell, granted: readonly Right[]): boolean {
  if (cell.kind !== undefined || !/[*>]/.test(cell.subject)) return false;
  return granted.some((right) => {
    if ('raw' in right) return false;
    const template = subjects[right.subject] as { pattern(values: object): string };
    return covers(template.pattern(right.where).replace(/(\.\*)+$/, '.>'), cell.subject);
  });
}

/** A server takes its own domain off before it looks at permissions, and names the result in its refusal. */
export function unmapped(subject: string, { domain }: Surroundings): string {
  const own = `$JS.${domain}.API.`;
  return subject.startsWith(own) ? `$JS.API.${subject.slice(own.length)}` : subject;
}
