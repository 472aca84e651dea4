import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { type DocumentStore, openDocumentStore } from './store.ts';

/**
 * Opens the documents for work on a fabric while no registry runs, on a connection of the registry's user in CONTROL.
 * What is written is compiled when the registry starts next. Rejects where the hub has none.
 */
export function openDocuments(connection: NatsConnection): Promise<DocumentStore> {
  const js: JetStreamClient = jetstream(connection);
  return openDocumentStore(js);
}
