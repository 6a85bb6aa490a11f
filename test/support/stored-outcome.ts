/** What the database says of a stream in the end, beside what it must say by the model. */
import type { Expected } from './fleet-model.js';

export interface StoredOutcome {
  pending: number;
  /** Types of events that tell of a stream or an endpoint that failed. */
  otherEvents: string[];
  /** The ids of firings. */
  events: string[];
  /** Topic, partition, offset, place and how many there were. */
  deadLetters: string[];
  /** How many there are of each status. */
  deliveries: string[];
  /** Of each webhook and vehicle, how often it fired. */
  counts: string[];
}

type Rows = (sql: string) => Promise<Record<string, unknown>[]>;

/** Asks a database that nobody writes to any more. */
export async function storedOutcome(rows: Rows): Promise<StoredOutcome> {
  const [pending, others, events, letters, deliveries, states] = [
    await rows('select id from outbox'),
    await rows(`select type from events where type like 'stream.%' or type like '%.failed' order by type`),
    await rows(`select id from events where type = 'trigger.fired' order by id`),
    await rows(
      `select topic, partition, record_offset as offset, sample_index as index, sum(1 + suppressed) as count
       from dead_letters group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
    ),
    await rows('select status, count(*)::int from deliveries group by 1'),
    await rows('select trigger_id, vehicle, sequence from states where sequence > 0 order by 1, 2'),
  ];
  return {
    pending: pending.length,
    otherEvents: others.map(({ type }) => String(type)),
    events: events.map(({ id }) => String(id)),
    deadLetters: letters.map(({ topic, partition, offset, index, count }) =>
      [topic, partition, offset, index ?? '-', count].join(' '),
    ),
    deliveries: deliveries.map(({ status, count }) => `${String(status)} ${String(count)}`),
    counts: states.map(({ trigger_id: id, vehicle, sequence }) => [id, vehicle, sequence].join(' ')).sort(),
  };
}

/** The same by the model: everything is sent, and of nothing else is told. */
export function expectedOutcome({ firings, deadLetters }: Expected): StoredOutcome {
  const counts = new Map<string, number>();
  for (const { webhookId, vehicle } of firings.values()) {
    const key = `${webhookId} ${vehicle}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return {
    pending: 0,
    otherEvents: [],
    events: [...firings.keys()].sort(),
    deadLetters: deadLetters.map(({ topic, partition, offset, index }) =>
      [topic, partition, offset, index ?? '-', 1].join(' '),
    ),
    deliveries: [`delivered ${firings.size}`],
    counts: [...counts].map(([key, count]) => `${key} ${count}`).sort(),
  };
}
