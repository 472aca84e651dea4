export { type GatewayConfig, streamsOf } from './config.ts';
export { type Gateway, type GatewayPorts, startGateway } from './gateway.ts';
export { createQuotaPool, type QuotaPool } from './quota/pool.ts';
