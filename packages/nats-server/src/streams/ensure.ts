import {
  type ConsumerInfo,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { ConsumerShape, StreamShape } from './config.ts';

/** True where `actual` has everything that `wanted` has; what the server adds for itself does not count. */
export function satisfies(actual: unknown, wanted: unknown): boolean {
  if (wanted === undefined) return true;
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(actual) &&
      actual.length === wanted.length &&
      wanted.every((item, index) => satisfies(actual[index], item))
    );
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof actual !== 'object' || actual === null) return false;
    const record = actual as Record<string, unknown>;
    return Object.entries(wanted).every(([key, item]) => satisfies(record[key], item));
  }
  // The server leaves out what is empty.
  return actual === wanted || (actual === undefined && (wanted === '' || wanted === false || wanted === 0));
}

/** Resolves with undefined where the server says that there is no such stream or consumer. */
async function orAbsent<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const absent: readonly number[] = [JetStreamApiCodes.StreamNotFound, JetStreamApiCodes.ConsumerNotFound];
    if (error instanceof JetStreamApiError && absent.includes(error.code)) return undefined;
    throw error;
  }
}

/** Makes a stream, and leaves one that is there as it is. */
export async function makeStream(jsm: JetStreamManager, wanted: StreamShape): Promise<void> {
  if ((await orAbsent(jsm.streams.info(wanted.name))) === undefined) await jsm.streams.add(wanted);
}

/** Makes a stream, or changes it where it is not as wanted. Throws the server's error where it cannot be. */
export async function ensureStream(jsm: JetStreamManager, wanted: StreamShape): Promise<StreamInfo> {
  const present = await orAbsent(jsm.streams.info(wanted.name));
  if (present === undefined) return jsm.streams.add(wanted);
  if (satisfies(present.config, wanted)) return present;
  return jsm.streams.update(wanted.name, { ...present.config, ...wanted });
}

/** Makes a durable consumer, or changes it where it is not as wanted. */
export async function ensureConsumer(
  jsm: JetStreamManager,
  stream: string,
  wanted: ConsumerShape,
): Promise<ConsumerInfo> {
  const present = await orAbsent(jsm.consumers.info(stream, wanted.durable_name));
  if (present === undefined) return jsm.consumers.add(stream, wanted);
  if (satisfies(present.config, wanted)) return present;
  return jsm.consumers.update(stream, wanted.durable_name, wanted);
}

/** Removes a consumer, if it is there. Says whether it was. */
export async function removeConsumer(jsm: JetStreamManager, stream: string, name: string): Promise<boolean> {
  return (await orAbsent(jsm.consumers.delete(stream, name))) ?? false;
}
