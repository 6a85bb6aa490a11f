import type { EntityManager } from 'typeorm';
import type { Database } from './database.js';

/**
 * The log is read through its indexes, whatever statistics say of a day that has just begun: the settings of the data
 * plane, for one transaction.
 */
const BY_INDEX = `select set_config(name, 'off', true)
from unnest(array['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_bitmapscan', 'jit']) name`;

/** Makes the rest of a transaction find its rows by index alone. */
export async function useIndexes(manager: EntityManager): Promise<void> {
  await manager.query(BY_INDEX);
}

/**
 * Reads of the log, in one snapshot: what moves from the queue to the log meanwhile is seen once. On connections of the
 * control plane, since these are questions of people, and the data plane's connections are what firings wait for.
 */
export function readLog<T>(database: Database, read: (manager: EntityManager) => Promise<T>): Promise<T> {
  return database.dataSource.transaction('REPEATABLE READ', async (manager) => {
    await useIndexes(manager);
    return read(manager);
  });
}
