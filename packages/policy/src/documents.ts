import type { Manifest, Policy, Service, Site } from '@causeway/protocol';

/** A published API; documents at rest always name their tenant. */
export type ApiDocument = Manifest & { readonly tenant: string };

/** A policy; documents at rest always name their tenant. */
export type PolicyDocument = Policy & { readonly tenant: string };

/** All documents of a fabric at one revision: what everything else is compiled from. */
export interface Documents {
  readonly sites: readonly Site[];
  readonly services: readonly Service[];
  readonly apis: readonly ApiDocument[];
  readonly policies: readonly PolicyDocument[];
}
