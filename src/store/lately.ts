import type { Database } from './database.js';
import { SCATTERED_BUCKETS } from './sql/commit-chunk.js';

/** What others did that the engines of a topic have to know before they evaluate what they fetched. */
export interface Lately {
  /** The number of the last change of triggers and subscriptions. */
  indexHead: bigint;
  /** How many chunks of the topic stored states of vehicles that are not at home in their partition, by their buckets. */
  scattered: bigint[];
}

/**
 * Both in one round trip, since nearly always nothing is new. Who asks after it fetched records, and hears the same number
 * of a bucket as before, may go by what it remembers of that.
 */
export async function readLately(database: Database, topic: string): Promise<Lately> {
  const { rows } = await database.pool.query<{ head: string; bucket: string | null; chunks: string }>({
    name: 'read_lately',
    text: `select h.seq as head, s.bucket, s.chunks
           from index_head h
           left join lateral (
             select c.bucket, sum(c.chunks) as chunks
             from stream_positions p, unnest(p.scattered) with ordinality c (chunks, bucket)
             where p.topic = $1 group by c.bucket
           ) s on true`,
    values: [topic],
  });
  const scattered = new Array<bigint>(SCATTERED_BUCKETS).fill(0n);
  for (const { bucket, chunks } of rows) if (bucket !== null) scattered[Number(bucket) - 1] = BigInt(chunks);
  return { indexHead: BigInt(rows[0]!.head), scattered };
}
