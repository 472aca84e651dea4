import type { Messages } from './generated/types.ts';

const accountKey = `A${'A'.repeat(55)}`;
const key = `U${'A'.repeat(55)}`;
const manifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  endpoints: { latest: { request: { type: 'object' }, reply: true, idempotent: true } },
};
const place = { site: 'edge-a', service: 'desk' };
const target = { service: 'quotes', major: 1, endpoint: 'latest' };
const discovered = { service: 'quotes', major: 1, version: '1.0.0', sites: ['edge-a'], endpoints: {} };

/** A good message of a type, and changes that spoil it: what to put at the top, and the fault's pointer. */
export type Sample = readonly [good: object, ...bad: (readonly [object, pointer: string])[]];

/** Samples of what administrators, joining sites and the registry say to each other, and of policies' documents. */
export const adminSamples = {
  AccountDocument: [
    { kind: 'account', name: 'acme', publicKey: key, jwt: 'e.y.J' },
    [{ publicKey: 'short' }, '/publicKey'],
    [{ kind: 'site' }, '/kind'],
  ],
  ApplyRequest: [
    { documents: [{ kind: 'policy' }], dryRun: true },
    [{ documents: [] }, '/documents'],
    [{ documents: [1] }, '/documents/0'],
  ],
  ApplyReply: [
    { revision: 1, changes: [{ kind: 'policy', name: 'p', change: 'created' }] },
    [{ changes: [{ kind: 'policy', name: 'p', change: 'lost' }] }, '/changes/0/change'],
  ],
  AddTenantRequest: [
    { tenant: 'globex', sites: ['edge-a'] },
    [{ tenant: 'a.b' }, '/tenant'],
    [{ sites: [] }, '/sites'],
  ],
  AddTenantReply: [
    { revision: 1, tenant: 'globex', account: key, sites: ['cloud'] },
    [{ sites: ['*'] }, '/sites/0'],
  ],
  RemoveTenantRequest: [
    { tenant: 'globex', site: 'edge-a', force: true },
    [{ site: '>' }, '/site'],
    [{ force: 'yes' }, '/force'],
  ],
  RemoveTenantReply: [
    { revision: 1, tenant: 'globex', sites: ['cloud'], keys: 2, deleted: 0 },
    [{ keys: 1.5 }, '/keys'],
  ],
  TenantKeys: [
    { gateway: 'gw-1', tenant: 'globex', keys: { gateway: key, leaf: key } },
    [{ keys: {} }, '/keys/gateway'],
    [{ tenant: 'a.b' }, '/tenant'],
  ],
  TenantMark: [{ account: key }, [{ account: 'short' }, '/account']],
  GetRequest: [{ kind: 'apis' }, [{ kind: 'secrets' }, '/kind'], [{ more: 1 }, '/more']],
  GetReply: [{ revision: 0, items: [{ any: 1 }] }, [{ items: ['x'] }, '/items/0']],
  InForceRequest: [
    { revision: 7, since: 5, wait: 1_000 },
    [{ revision: -1 }, '/revision'],
    [{ wait: 5_001 }, '/wait'],
    [{ until: 1 }, '/until'],
  ],
  InForceReply: [{ revision: 7, done: true, sites: [] }, [{ done: 'yes' }, '/done']],
  Standing: [
    { site: 'edge-a', state: 'behind', wanted: 7, revision: null, behindSince: 1, unreachableSince: 1 },
    [{ state: 'late' }, '/state'],
    [{ revision: 'x' }, '/revision'],
  ],
  IssueRequest: [
    { tenant: 'acme', site: 'edge-a', service: 'desk', key, labels: { zone: 'west' } },
    [{ key: key.toLowerCase() }, '/key'],
    [{ service: 'a.b' }, '/service'],
    [{ service: '*' }, '/service'],
    [{ labels: { 'bad label': 'x' } }, '/labels/bad label'],
  ],
  IssueReply: [{ jwt: 'e.y.J', revision: 1 }, [{ revision: -1 }, '/revision']],
  ConsoleRequest: [
    { key, tenant: 'any', from: 'now' },
    [{ from: 'later' }, '/from'],
    [{ tenant: '>' }, '/tenant'],
  ],
  ConsoleReply: [
    { jwt: 'e.y.J', name: 'console-1', pending: { audit: 0, flow: 3 }, signers: { 'edge-a.gw-1': [key] } },
    [{ pending: { audit: -1, flow: 0 } }, '/pending/audit'],
    [{ signers: { 'edge-a.gw-1': ['x'] } }, '/signers/edge-a.gw-1/0'],
  ],
  ExplainRequest: [
    { tenant: 'acme', from: place, to: target },
    [{ to: { ...target, major: 1.5 } }, '/to/major'],
    [{ from: { site: 'edge-a' } }, '/from/service'],
  ],
  ExplainReply: [
    {
      sites: [
        {
          site: 'edge-a',
          decision: 'allow',
          code: 'OK',
          policy: null,
          reason: '',
          limits: [{ policy: 'p' }],
        },
      ],
    },
    [{ sites: [{}] }, '/sites/0/site'],
  ],
  StatusReply: [
    {
      revision: 1,
      sites: [{ name: 'cloud', wanted: 1, gateways: [{ name: 'gw-1', alive: true, revision: null }] }],
      links: [],
    },
    [{ links: [{ site: 'edge-a' }] }, '/links/0/account'],
  ],
  RevokeRequest: [{ tenant: 'acme', site: 'edge-a', service: 'desk' }, [{ site: 'EDGE' }, '/site']],
  RevokeReply: [{ revision: 1, keys: 0 }, [{ keys: -1 }, '/keys']],
  RevokeSiteRequest: [{ site: 'edge-a' }, [{ site: 'EDGE' }, '/site'], [{ force: true }, '/force']],
  RevokeSiteReply: [{ revision: 1, keys: 4, services: 0 }, [{ services: -1 }, '/services']],
  InviteRequest: [
    { site: 'edge-c', tenants: ['acme'], hosts: ['edge-c.example.org'], expires: 60_000 },
    [{ site: 'EDGE' }, '/site'],
    [{ tenants: [] }, '/tenants'],
    [{ hosts: ['*.example.org'] }, '/hosts/0'],
    [{ expires: 900_001 }, '/expires'],
  ],
  InviteReply: [
    { token: 'causeway1.…', site: 'edge-c', tenants: ['acme'], hosts: [], expires: 1, revision: 1 },
    [{ token: 1 }, '/token'],
  ],
  UninviteRequest: [{ site: 'edge-c' }, [{ site: 'EDGE' }, '/site'], [{ force: true }, '/force']],
  UninviteReply: [{ revision: 1 }, [{ revision: -1 }, '/revision']],
  Invitation: [
    {
      ...{ kind: 'invitation', site: 'edge-c', grant: 'g1', verifier: '0'.repeat(64), tenants: ['acme'] },
      ...{ hosts: ['edge-c'], created: 1, expires: 2, by: 'root', redeemed: { at: 1, keys: '0'.repeat(64) } },
    },
    [{ verifier: 'secret' }, '/verifier'],
    [{ redeemed: { at: 1 } }, '/redeemed/keys'],
    [{ secret: 'SU' }, '/secret'],
  ],
  EnrollRequest: [
    {
      keys: {
        account: { key: accountKey, signers: { broker: accountKey } },
        system: { key: accountKey, signers: { gateway: accountKey } },
        leaf: key,
        gateway: key,
        tenants: { acme: { gateway: key, leaf: key } },
      },
      certificate: 'PEM',
      answerTo: 'A'.repeat(43),
      signatures: { account: 'A'.repeat(86), system: 'A'.repeat(86) },
      proof: { key: key, signature: 'A'.repeat(86) },
    },
    [{ answerTo: 'A' }, '/answerTo'],
    [{ certificate: 'A'.repeat(8_193) }, '/certificate'],
    [{ proof: { key: key } }, '/proof/signature'],
    [{ secret: 'SU' }, '/secret'],
  ],
  EnrollReply: [{ key: 'k', iv: 'i', data: 'd' }, [{ data: 1 }, '/data']],
  Enrolled: [
    {
      ...{
        time: 1,
        site: 'edge-c',
        gateway: 'gw-1',
        operator: 'e.y.J',
        certificate: 'PEM',
        hub: 'tls://hub:7422',
      },
      accounts: { acme: 'e.y.J' },
      users: { leaf: 'e.y.J', tenants: { acme: { gateway: 'e.y.J', leaf: 'e.y.J' } } },
    },
    [{ users: { leaf: 'e.y.J' } }, '/users/tenants'],
  ],
  CertificateRequest: [
    { gateway: 'gw-1', certificate: 'PEM', certificateDays: 1.5 },
    [{ certificateDays: 0 }, '/certificateDays'],
  ],
  CertificateReply: [{ certificate: 'PEM', time: 1 }, [{ certificate: 1 }, '/certificate']],
  RotateSigningRequest: [{ account: 'acme', finish: true, force: true, wait: 1 }, [{ wait: -1 }, '/wait']],
  RotateSigningReply: [
    {
      revision: 1,
      state: 'used',
      sites: [{ site: 'edge-a', inForce: false, seen: null, lease: 1 }],
      services: [],
    },
    [{ state: 'done' }, '/state'],
  ],
  RotateSiteRequest: [{ site: 'edge-a', role: 'leaf' }, [{ role: 'admin' }, '/role']],
  RotateSiteReply: [{ revision: 1, id: 'x' }, [{ id: '' }, '/id']],
  RekeyRequest: [
    {
      gateway: 'gw-1',
      role: 'leaf',
      id: 'x',
      keys: { acme: `U${'A'.repeat(55)}` },
      own: `U${'A'.repeat(55)}`,
      done: true,
    },
    [{ keys: { acme: '' } }, '/keys/acme'],
  ],
  RekeyReply: [{ time: 1, revision: 1 }, [{ time: '' }, '/time']],
  Rekey: [{ gateway: 'x', leaf: 'y' }, [{ admin: 'x' }, '/admin']],
  KnownCallers: [{ names: ['desk'], revoked: ['trader'] }, [{ names: ['*'] }, '/names/0']],
  RotateServiceRequest: [
    { tenant: 'acme', site: 'edge-a', service: 'desk', key: `U${'A'.repeat(55)}`, grace: 0 },
    [{ grace: -1 }, '/grace'],
  ],
  RotateServiceReply: [
    { jwt: 'e.y.J', revision: 1, retiring: { [`U${'A'.repeat(55)}`]: 1 } },
    [{ retiring: { U: '' } }, '/retiring/U'],
  ],
  RemoveSiteRequest: [{ site: 'edge-a', force: true }, [{ force: 'yes' }, '/force']],
  DeleteRequest: [
    { kind: 'service', tenant: 'acme', site: 'edge-a', name: 'desk', force: true },
    [{ kind: 'site' }, '/kind'],
    [{ name: '' }, '/name'],
  ],
  DeleteReply: [
    { revision: 1, kind: 'api', tenant: 'acme', name: 'quotes.v1', sites: ['edge-a'], keys: 0 },
    [{ sites: 'edge-a' }, '/sites'],
  ],
  AdminRecord: [
    {
      at: 1,
      tenant: 'any',
      admin: 'root',
      op: 'apply',
      key: 'policy.acme.p',
      revision: 1,
      before: null,
      after: {},
    },
    [{ op: 'Apply!' }, '/op'],
    [{ before: 1 }, '/before'],
  ],
  ServedApi: [
    {
      tenant: 'acme',
      manifest,
      routes: { 'edge-a': { named: 'q1', any: 'q2' } },
      rules: [
        {
          policy: 'p',
          from: { site: '*', service: 'desk' },
          endpoints: ['*'],
          effect: 'allow',
          limits: { rate: 1 },
        },
      ],
    },
    [{ routes: { 'edge-a': { named: 'q1' } } }, '/routes/edge-a/any'],
    [{ routes: { '*': { named: 'q1', any: 'q2' } } }, '/routes/*'],
    [
      { rules: [{ policy: 'p', from: { site: '*', service: '*' }, endpoints: ['>'], effect: 'allow' }] },
      '/rules/0/endpoints/0',
    ],
    [{ manifest: { ...manifest, version: '1' } }, '/manifest/version'],
  ],
  VisibleApis: [{ apis: [discovered] }, [{ apis: [{ ...discovered, sites: 'edge-a' }] }, '/apis/0/sites']],
} as const satisfies { readonly [N in keyof Messages]?: Sample };
