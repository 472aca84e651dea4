import { readFile } from 'node:fs/promises';
import {
  type AddTenantReply,
  type ApplyReply,
  type ApplyRequest,
  CausewayError,
  type Clock,
  type ConsoleReply,
  type ConsoleRequest,
  type DeleteReply,
  type DeleteRequest,
  type ExplainReply,
  type ExplainRequest,
  encodeJson,
  type GetReply,
  type GetRequest,
  type InForceReply,
  type InForceRequest,
  type InviteReply,
  type InviteRequest,
  type IssueReply,
  type IssueRequest,
  type Logger,
  type Messages,
  type Random,
  type RemoveTenantReply,
  type RevokeReply,
  type RevokeRequest,
  type RevokeSiteReply,
  type RotateServiceReply,
  type RotateServiceRequest,
  type RotateSigningReply,
  type RotateSigningRequest,
  type RotateSiteReply,
  readReply,
  type StatusReply,
  type UninviteReply,
} from '@causeway/protocol';
import { connectNats, createReplyMux, MuxError, readCreds, tagOf } from '@causeway/transport';
import { fabricLayout } from '../layout.ts';
import { FabricError, readHub, siteUrl } from '../settings.ts';

/** An administrator's connection to the registry. Every operation rejects with a CausewayError. */
export interface AdminClient {
  /** All or nothing; with `set` as that set's, and with `prune` without what it does not hold any more. */
  apply(documents: readonly object[], options?: Omit<ApplyRequest, 'documents'>): Promise<ApplyReply>;
  get(kind: GetRequest['kind'], name?: string): Promise<GetReply>;
  explain(request: ExplainRequest): Promise<ExplainReply>;
  /** Whether a revision is in force, at each site; answers when it is or `wait` ms, at most 5,000, are over. */
  inForce(request: InForceRequest): Promise<InForceReply>;
  issue(request: IssueRequest): Promise<IssueReply>;
  console(request: ConsoleRequest): Promise<ConsoleReply>;
  status(): Promise<StatusReply>;
  revoke(request: RevokeRequest): Promise<RevokeReply>;
  /** Cuts a site off for good. */
  revokeSite(site: string, options?: { wait?: number }): Promise<RevokeSiteReply>;
  /** Does that, and deletes the site with its services; with `force` also where it hosts APIs. */
  removeSite(site: string, options?: { force?: boolean }): Promise<RevokeSiteReply>;
  /** Invites a new site to join. */
  invite(request: InviteRequest): Promise<InviteReply>;
  /** Takes an invitation back. */
  uninvite(site: string): Promise<UninviteReply>;
  /** Founds a tenant, or brings it to further sites; all where none is named. */
  addTenant(tenant: string, sites?: readonly string[]): Promise<AddTenantReply>;
  /** Takes a tenant away from a site, or from the fabric for good; with `force` also where it is in use. */
  removeTenant(
    tenant: string,
    options?: { site?: string | undefined; force?: boolean },
  ): Promise<RemoveTenantReply>;
  /** Replaces the keys that sign an account's users, a step at a time. */
  rotateSigning(request: RotateSigningRequest): Promise<RotateSigningReply>;
  /** Asks a site to replace the keys of its gateway or of its links. */
  rotateSite(site: string, role: 'gateway' | 'leaf'): Promise<RotateSiteReply>;
  rotateService(request: RotateServiceRequest): Promise<RotateServiceReply>;
  /** Deletes one document. */
  delete(request: DeleteRequest): Promise<DeleteReply>;
  close(): Promise<void>;
}

/** What a client is given from outside. */
export interface ClientPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Where a client of the hub connects to. */
export interface HubAddress {
  readonly url: string;
  /** PEM text. */
  readonly ca: string;
}

const timeoutMs = 10_000;

/** The hub of the fabric in a folder. Throws a FabricError where there is none. */
export async function hubAddress(dir: string): Promise<HubAddress> {
  const hub = await readHub(dir);
  return { url: siteUrl(hub), ca: await readFile(fabricLayout(dir).ca, 'utf8') };
}

function readAdmin(file: string): ReturnType<typeof readCreds> {
  try {
    return readCreds(file);
  } catch (cause) {
    throw new FabricError((cause as Error).message, { cause });
  }
}

/** Connects as the administrator whose credentials lie in the fabric's folder, or as the one named. */
export async function connectAdmin(
  dir: string,
  ports: ClientPorts,
  credentials = fabricLayout(dir).admin,
): Promise<AdminClient> {
  const hub = await hubAddress(dir);
  const creds = readAdmin(credentials);
  const tenant = tagOf(creds, 'tenant') ?? 'any';
  const inbox = `_INBOX.admin.${tenant}.${creds.name}.${Buffer.from(ports.random.bytes(12)).toString('base64url')}`;
  const connection = await connectNats({
    servers: hub.url,
    ca: hub.ca,
    credentials,
    inboxPrefix: inbox,
    name: `admin ${creds.name}`,
    random: ports.random,
    logger: ports.logger,
  });
  const mux = createReplyMux({ connection, prefix: inbox, clock: ports.clock, random: ports.random });

  async function ask<N extends keyof Messages>(
    op: string,
    request: object,
    expected: N,
  ): Promise<Messages[N]> {
    let reply: Uint8Array;
    try {
      const subject = `admin.${tenant}.${creds.name}.${op}`;
      reply = (await mux.request(subject, encodeJson(request), { timeoutMs })).data;
    } catch (error) {
      if (!(error instanceof MuxError)) throw error;
      throw new CausewayError(
        'UNREACHABLE',
        'the registry does not answer; causeway status shows what runs',
        {
          cause: error,
        },
      );
    }
    const parsed = readReply(expected, reply);
    if (parsed.fault) {
      const { pointer, problem } = parsed.fault;
      throw new CausewayError('SERVICE_ERROR', `the registry's ${expected}${pointer} ${problem}`);
    }
    return parsed.value;
  }

  return {
    apply: (documents, options = {}) => ask('apply', { documents, ...options }, 'ApplyReply'),
    get: (kind, name) => ask('get', { kind, ...(name === undefined ? {} : { name }) }, 'GetReply'),
    explain: (request) => ask('explain', request, 'ExplainReply'),
    inForce: (request) => ask('in-force', request, 'InForceReply'),
    issue: (request) => ask('issue', request, 'IssueReply'),
    console: (request) => ask('console', request, 'ConsoleReply'),
    status: () => ask('status', {}, 'StatusReply'),
    revoke: (request) => ask('revoke', request, 'RevokeReply'),
    revokeSite: (site, { wait } = {}) =>
      ask('revoke-site', { site, ...(wait === undefined ? {} : { wait }) }, 'RevokeSiteReply'),
    removeSite: (site, { force } = {}) =>
      ask('remove-site', { site, ...(force ? { force } : {}) }, 'RevokeSiteReply'),
    invite: (request) => ask('invite', request, 'InviteReply'),
    uninvite: (site) => ask('uninvite', { site }, 'UninviteReply'),
    addTenant: (tenant, sites) =>
      ask('add-tenant', { tenant, ...(sites ? { sites } : {}) }, 'AddTenantReply'),
    removeTenant: (tenant, { site, force } = {}) =>
      ask(
        'remove-tenant',
        { tenant, ...(site === undefined ? {} : { site }), ...(force ? { force } : {}) },
        'RemoveTenantReply',
      ),
    rotateSigning: (request) => ask('rotate-signing', request, 'RotateSigningReply'),
    rotateSite: (site, role) => ask('rotate-site', { site, role }, 'RotateSiteReply'),
    rotateService: (request) => ask('rotate-service', request, 'RotateServiceReply'),
    delete: (request) => ask('delete', request, 'DeleteReply'),
    async close() {
      mux.close();
      await connection.close();
    },
  };
}
