import { CausewayError } from './errors.ts';

/**
 * Version of the protocol between SDK, gateway and registry that this code speaks. 2: tables are told with the bucket
 * that they are of, so that one made anew is noticed.
 */
export const protocolVersion = 2;

/** The oldest version that it speaks as well: one step back, so that a fabric can be brought up to date part by part. */
export const oldestProtocol = protocolVersion - 1;

/**
 * Refuses who speaks a version that this code does not: INVALID_REQUEST at `/protocol`, with both versions.
 * `them` and `us` name the two, as in "the gateway of edge-a" and "the registry".
 */
export function requireProtocol(theirs: number, them: string, us: string): void {
  if (theirs === protocolVersion || theirs === oldestProtocol) return;
  const older = theirs < oldestProtocol ? them : us;
  throw new CausewayError(
    'INVALID_REQUEST',
    `${them} speaks protocol ${theirs}, ${us} protocol ${protocolVersion} and ${oldestProtocol}; bring ${older} up to date`,
    { pointer: '/protocol' },
  );
}

/** The version that is spoken with one peer. */
export interface Handshake {
  readonly version: number;
  /** Sends with the version spoken; where the peer refuses it, once more with the one before, which then stays. */
  speak<T>(send: (version: number) => Promise<T>): Promise<T>;
}

/** Begins with the newest version. */
export function createHandshake(): Handshake {
  let version: number = protocolVersion;
  return {
    get version() {
      return version;
    },
    async speak(send) {
      try {
        return await send(version);
      } catch (error) {
        const refused =
          error instanceof CausewayError && error.code === 'INVALID_REQUEST' && error.pointer === '/protocol';
        if (!refused || version === oldestProtocol) throw error;
        const result = await send(oldestProtocol);
        version = oldestProtocol;
        return result;
      }
    },
  };
}
