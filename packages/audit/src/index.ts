export { readAuthentic } from './authentic-block.ts';
export type { ChainId, Checkpoint } from './chain.ts';
export { codeMetric, createFlowSums, type FlowSums, flowKey, flowKeys } from './flow.ts';
export {
  type Block,
  type BlockEnvelope,
  type BlockMessage,
  parseBlock,
  parseEnvelope,
} from './parse-block.ts';
export {
  type BlockClass,
  type BlockRecord,
  classOf,
  countOf,
  isAccess,
  outcomeKey,
  recordLine,
} from './record.ts';
export {
  compareCounters,
  createRecount,
  type Difference,
  type Recount,
  type RecountOptions,
  unstampedFlow,
} from './recount.ts';
export { type BlockDraft, type SealedBlock, type Sign, sealBlock } from './seal-block.ts';
export { type BlockFields, firstPrev, signingInput } from './signing-input.ts';
export {
  type ChainProblem,
  type ChainReport,
  type ChainSummary,
  type ChainVerifier,
  createChainVerifier,
  type ProblemKind,
  type VerifierOptions,
} from './verify.ts';
