export { readCollected } from './collect/read-collected.ts';
export type { Bootstrap, RegistryConfig } from './config.ts';
export { type DocumentsExport, exportDocuments } from './documents/export.ts';
export { openDocuments } from './documents/open.ts';
export { awaitRestored, leaveRestored } from './documents/restored.ts';
export type { AnyDocument } from './documents/store.ts';
export { createHub } from './hub/hub.ts';
export { signedPart } from './joining/joining-keys.ts';
export { type Registry, type RegistryPorts, startRegistry } from './registry.ts';
