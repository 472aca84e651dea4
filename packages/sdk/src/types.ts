import type { DiscoveredApi, Manifest } from '@causeway/protocol';
import type { FromSchema, JSONSchema } from 'json-schema-to-ts';

/**
 * A manifest as code writes it, `as const`: arrays in it may be readonly. `const quotes = {…} as const
 * satisfies ManifestOf` gives handlers and clients their types.
 */
export type ManifestOf = DeepReadonly<Manifest>;

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** The value that a JSON Schema describes; `unknown` for one that is not known at compile time. */
export type ValueOf<S> = S extends boolean
  ? unknown
  : string extends keyof S
    ? unknown
    : S extends JSONSchema
      ? FromSchema<S>
      : unknown;

/** Names of `$defs` that references anywhere in a schema lead to. */
type NamesIn<S> = S extends readonly unknown[]
  ? NamesIn<S[number]>
  : S extends object
    ? { [K in keyof S]: K extends '$ref' ? NameIn<S[K]> : NamesIn<S[K]> }[keyof S]
    : never;
type NameIn<R> = R extends `#/$defs/${infer N}` ? N : never;

/** `true` where following these names leads back to one of them: a tree, for which TypeScript has no type. */
type IsCyclic<D, N, Path = never> = N extends Path
  ? true
  : N extends keyof D
    ? IsCyclic<D, NamesIn<D[N]>, Path | N>
    : never;

/** A schema with the manifest's `$defs`, which references in it may name; its own come first. */
type WithShared<S, D> = Omit<S, '$defs'> & {
  readonly $defs: (S extends { readonly $defs: infer Own } ? Own : unknown) & D;
};

/** The value of a request or reply in a manifest; `unknown` where its `$defs` refer to themselves. */
type SideOf<M extends ManifestOf, S> = S extends boolean
  ? unknown
  : string extends keyof S
    ? unknown
    : M extends { readonly $defs: infer D }
      ? string extends keyof D
        ? unknown
        : [IsCyclic<D, NamesIn<S>>] extends [never]
          ? ValueOf<WithShared<S, D>>
          : unknown
      : ValueOf<S>;

/** The major version in a manifest's `version`, as a number type. */
export type MajorOf<M extends ManifestOf> = M['version'] extends `${infer N extends number}.${string}`
  ? N
  : number;

/** An API of which a reply said that callers should leave it. */
export interface DeprecatedApi {
  readonly service: string;
  readonly major: number;
  /** Milliseconds since the epoch; it may lie ahead. */
  readonly since: number;
}

/** How one call is made. */
export interface CallOptions {
  /** The site to call; any site that serves the API where absent, the nearest first. */
  readonly site?: string;
  /** Milliseconds until the call is given up, repeats included; 2000 where absent. */
  readonly timeout?: number;
  /** Gives the call up; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** W3C trace context, passed on to the service. */
  readonly traceparent?: string;
  /** Called where the reply says that the API is deprecated, before the call settles. */
  readonly onDeprecated?: (deprecated: DeprecatedApi) => void;
  /**
   * How often to send the call again, within its timeout; 0 where absent, `Infinity` for as long as there is time.
   * It is sent again where it was refused for now (`retryable`) and surely did not run. Where the manifest says of the
   * endpoint that it is `idempotent` it is sent again, too, when no answer comes (then three times at most) and when
   * the connection was cut meanwhile: it may then run more than once, and each time has its own record.
   */
  readonly retry?: number;
}

/** The functions by which an API is called, one for each endpoint. They reject with a CausewayError. */
export type Client<M extends ManifestOf> = {
  readonly [E in keyof M['endpoints']]: (
    input: SideOf<M, M['endpoints'][E]['request']>,
    options?: CallOptions,
  ) => Promise<SideOf<M, M['endpoints'][E]['reply']>>;
};

/** What a handler is told about the call it serves. */
export interface CallContext {
  /** Who calls, as the gateway vouches for it. */
  readonly caller: { readonly site: string; readonly service: string };
  /** The caller's id of the call, as it stands in the record. */
  readonly call: string;
  readonly endpoint: string;
  /** When the caller gives up: milliseconds since the epoch on the hub's clock; Infinity where it did not say. */
  readonly deadline: number;
  /** Aborted when the deadline passes. */
  readonly signal: AbortSignal;
  readonly traceparent: string | undefined;
}

/** The functions that serve an API, one for each endpoint. What they throw reaches the caller as SERVICE_ERROR. */
export type Handlers<M extends ManifestOf> = {
  readonly [E in keyof M['endpoints']]: (
    input: SideOf<M, M['endpoints'][E]['request']>,
    context: CallContext,
  ) => SideOf<M, M['endpoints'][E]['reply']> | Promise<SideOf<M, M['endpoints'][E]['reply']>>;
};

/** A handler whose schemas are not known at compile time. */
export type AnyHandler = (input: unknown, context: CallContext) => unknown;

/** Who this connection is, as its credentials say. */
export interface Identity {
  /** Absent where the credentials do not name it: a service needs no knowledge of its tenant. */
  readonly tenant?: string;
  readonly site: string;
  readonly service: string;
}

/** Something changed in what this service may call. */
export interface WatchEvent {
  readonly event: 'published' | 'changed' | 'deprecated' | 'withdrawn';
  readonly service: string;
  readonly major: number;
  /** The fabric's revision with which it was seen. */
  readonly revision: number;
  /** The API as it is now; absent where it was withdrawn. */
  readonly api?: DiscoveredApi;
}
