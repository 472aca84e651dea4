export { addService, type NewService } from './admin/add-service.ts';
export {
  type AdminClient,
  type ClientPorts,
  connectAdmin,
  type HubAddress,
  hubAddress,
} from './admin/client.ts';
export { rotateService } from './admin/rotate-service.ts';
export { type BackupSummary, backupFabric } from './backup/backup.ts';
export { type RestoreSummary, restoreFabric, restoreHub } from './backup/restore.ts';
export { keepCertificate } from './certificates/keep-certificate.ts';
export { tailRecords, verifyChains } from './console/audit.ts';
export { type Console, type ConsoleReading, openConsole } from './console/console.ts';
export { type Counters, type RecountReport, readCounters, recount } from './console/flow.ts';
export { forgetSite } from './founding/forget-site.ts';
export { type FabricPlan, foundFabric, isFounded } from './founding/found.ts';
export type { SitePlan } from './founding/site.ts';
export type { JoinPorts } from './joining/enroll.ts';
export { type JoinedSite, type JoinOptions, joinSite } from './joining/join-site.ts';
export { linksWanted } from './joining/linked.ts';
export { type FabricLayout, fabricLayout, type SiteLayout } from './layout.ts';
export { type RunningPart, serverOf, startFabricRegistry, startSiteGateway } from './parts/parts.ts';
export { nodeFlags } from './process/node-flags.ts';
export type { RecoveryPorts } from './recovery/hub-access.ts';
export { restoreSite, type SiteRestored } from './recovery/restore-site.ts';
export { type OperatorRotated, rotateOperator } from './recovery/rotate-operator.ts';
export { rotateSigningKey, type SigningKeyRotated } from './recovery/rotate-signing-key.ts';
export type { ChainEnd } from './recovery/site-counters.ts';
export {
  FabricError,
  type FabricSettings,
  readFabric,
  readSite,
  type SiteSettings,
  siteUrl,
} from './settings.ts';
export type { TenantProgress } from './tenants/await-tenant.ts';
export { bringTenant, removeTenant, type TenantAdded, type TenantRemoved } from './tenants/change-tenants.ts';
export { down } from './up/down.ts';
export { exposedKeys } from './up/exposed.ts';
export { lockHolder } from './up/lock.ts';
export { holdPart } from './up/part-lock.ts';
export { readProcesses } from './up/processes.ts';
export { ailments } from './up/ready.ts';
export { residentBytes } from './up/running.ts';
export { type Fabric, type FabricSummary, type SiteSummary, type UpOptions, up } from './up/up.ts';
