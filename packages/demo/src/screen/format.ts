import { type AuditRecord, apiName } from '@causeway/protocol';
import type { ShownCall, ShownCounter, ShownSite } from './screen.ts';
import { fit, type Paint, width, wrap } from './text.ts';

/** Columns before the text of a line: room for the name of its kind. */
const margin = 6;

/** `cloud → A  report → quotes.latest@edge-a  OK MSFT 28.80  2.1 ms`, and for a refusal its reason below. */
export function callLines({ scene, site, count, result, report }: ShownCall, paint: Paint): string[] {
  const { code, reason, pointer, retryAfter, milliseconds } = report;
  const times = count > 1 ? `${count}× ` : '';
  const outcome = fit(`${times}${code}${result === '' ? '' : ` ${result}`}`, 21);
  const line = [
    fit(scene.direction, 12),
    fit(`${scene.from} → ${scene.to}.${scene.endpoint}@${site}`, 31),
    paint(code === 'OK' ? 'good' : 'bad', outcome),
    paint('dim', duration(milliseconds)),
  ].join(' ');
  const details = [
    reason,
    pointer === undefined ? undefined : `(pointer ${pointer})`,
    retryAfter === undefined ? undefined : `(retryAfter ${Math.ceil(retryAfter)} ms)`,
  ].filter((each) => each !== undefined);
  return [line, ...below(code === 'OK' ? '' : details.join(' '), 13, paint)];
}

/** `12:00:01 edge-a edge-b/intern → quotes.v1.latest  denied NO_ROUTE`, and for a refusal its true reason. */
export function recordLines(record: AuditRecord, paint: Paint): string[] {
  const { at, site, from, to, decision, code, reason, count = 1 } = record;
  const times = count > 1 ? `${count}× ` : '';
  const line = [
    paint('dim', new Date(at).toISOString().slice(11, 19)),
    fit(site, 6),
    fit(`${from.site}/${from.service} → ${apiName(to.service, to.major)}.${to.endpoint}`, 35),
    paint(code === 'OK' ? 'good' : 'bad', fit(`${times}${decision} ${code}`, 22)),
  ].join(' ');
  return [line, ...below(code === 'OK' ? '' : (reason ?? ''), 16, paint)];
}

/** `edge-a/trader → quotes.v1  calls 12  OK 10  refused 2  4,711 bytes`. */
export function counterLine({ caller, api, calls, ok, bytes }: ShownCounter, paint: Paint): string {
  const refused = calls - ok;
  return [
    fit(`${caller} → ${api}`, 29),
    fit(`calls ${calls}`, 11),
    paint('good', fit(`OK ${ok}`, 8)),
    paint(refused > 0n ? 'bad' : 'dim', fit(`refused ${refused}`, 12)),
    `${bytes.toLocaleString('en-US')} B`.slice(0, 10),
  ].join(' ');
}

/** `edge-a  gateway gw-1 up · links CONTROL, acme · serves quotes.v1 (latest, history)`, wrapped. */
export function siteLines({ name, gateways, links, lag, apis }: ShownSite, paint: Paint): string[] {
  const replicas = gateways.map((gateway) => `${gateway.name} ${gateway.alive ? 'up' : 'NOT HEARD OF'}`);
  const parts = [
    `gateway ${replicas.join(', ') || 'none'}`,
    links === undefined ? 'hub' : `links ${[...links].sort().join(', ') || 'DOWN'}`,
    ...apis.map((api) => `serves ${api.name} (${api.endpoints.join(', ')})`),
    ...(lag > 0 ? [`${lag} blocks behind`] : []),
  ];
  const well = gateways.length > 0 && gateways.every(({ alive }) => alive) && links?.length !== 0;
  const [first = '', ...rest] = wrap(parts.join(' · '), width - margin - 9);
  return [
    `${paint(well ? 'good' : 'bad', fit(name, 8))} ${first}`,
    ...rest.map((line) => `${' '.repeat(9)}${line}`),
  ];
}

/** Puts the name of their kind before lines: `call  …`, blank before what follows the first. */
export function withMargin(kind: string, lines: readonly string[], paint: Paint): string[] {
  return lines.map(
    (line, index) => `${index === 0 ? paint('strong', fit(kind, margin)) : ' '.repeat(margin)}${line}`,
  );
}

function below(text: string, indent: number, paint: Paint): string[] {
  return wrap(text, width - margin - indent).map((line) => ' '.repeat(indent) + paint('dim', line));
}

function duration(milliseconds: number): string {
  if (milliseconds >= 9_999.5) return `${Math.round(milliseconds / 1000)} s`.padStart(7);
  return `${milliseconds < 99.95 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`.padStart(7);
}
