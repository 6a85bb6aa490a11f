import { Broker } from '../dev/broker/broker.js';
import { Database } from '../src/store/database.js';
import type { BenchContext } from './bench.js';
import { fillTopics, type FilledTopics } from './fleet-records.js';

export interface Filled {
  brokers: string;
  topics: FilledTopics;
  database: Database;
}

/**
 * Gives `use` topics with a fleet's records, for as long as it takes, and a connection to the bench's database: on
 * `KAFKA_BROKERS`, or on an embedded broker. That has a thread of its own in this process, which has little else to do;
 * what reads the topics is a process of its own.
 */
export async function withFilledTopics<Result>(
  { databaseUrl, settings, progress }: BenchContext,
  use: (filled: Filled) => Promise<Result>,
): Promise<Result> {
  const { records, vehicles, partitions } = settings as { records: number; vehicles: number; partitions: number };
  const given = process.env.KAFKA_BROKERS;
  const broker = given ? undefined : await Broker.start({ retentionBytes: 512 * 1024 * 1024 });
  const brokers = given ?? broker!.address;
  const sizes = { controlPoolSize: 1, dataPoolSize: 10 };
  const database = await Database.open({ url: databaseUrl, ...sizes, applicationName: 'tripline bench' });
  try {
    progress(`filling a topic with ${records} records`);
    const topics = await fillTopics(brokers, { records, vehicles, partitions });
    return await use({ brokers, topics, database });
  } finally {
    await database.close();
    await broker?.stop();
  }
}
