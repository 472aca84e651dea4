export type { Bootstrap, RegistryConfig } from './config.ts';
export { type DocumentsExport, exportDocuments } from './documents/export.ts';
export { leaveRestored } from './documents/restored.ts';
export { type AnyDocument, openDocumentStore } from './documents/store.ts';
export { type Registry, type RegistryPorts, startRegistry } from './registry.ts';
