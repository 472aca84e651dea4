export type { Bootstrap, RegistryConfig } from './config.ts';
export { type Registry, type RegistryPorts, startRegistry } from './registry.ts';
