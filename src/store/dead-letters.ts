import type { Database } from './database.js';

/** A record, or one sample of it, that could not be processed and was stepped over. */
export interface DeadLetter {
  id: string;
  topic: string;
  partition: number;
  offset: bigint;
  /** Place of the sample in the record; null for all of it. */
  index: number | null;
  reason: string;
  detail: string;
  /** The beginning of what could not be read. */
  excerpt: Buffer;
  /** How many like it were not recorded before this one. */
  suppressed: number;
  createdAt: Date;
}

interface DeadLetterRecord {
  id: string;
  topic: string;
  partition: number;
  record_offset: string;
  sample_index: number | null;
  reason: string;
  detail: string;
  excerpt: Buffer;
  suppressed: number;
  created_at: Date;
}

/** What operators see of poison. Chunks write it, see `ChunkStore.commit`. */
export class DeadLetterStore {
  constructor(private readonly database: Database) {}

  /** Newest first; `before` is the id of the last one of the page before. */
  async list(page: { limit: number; before?: string }): Promise<DeadLetter[]> {
    const rows = await this.database.dataSource.query<DeadLetterRecord[]>(
      `select * from dead_letters where $1::bigint is null or id < $1 order by id desc limit $2`,
      [page.before ?? null, page.limit],
    );
    return rows.map(({ record_offset: offset, sample_index: index, created_at: createdAt, ...row }) => ({
      ...row,
      offset: BigInt(offset),
      index,
      createdAt,
    }));
  }

  /** Forgets those that are older; resolves to how many. */
  async prune(olderThanDays: number): Promise<number> {
    const { rowCount } = await this.database.pool.query(
      `delete from dead_letters
       where id <= (select max(id) from dead_letters where created_at < now() - make_interval(days => $1::int))`,
      [olderThanDays],
    );
    return rowCount ?? 0;
  }
}
