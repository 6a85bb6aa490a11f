import { type Chunk, commitValues } from '../../src/store/chunks.js';
import type { Database } from '../../src/store/database.js';
import { COMMIT_CHUNK } from '../../src/store/sql/commit-chunk.js';
import type { Reader } from '../reader.js';

/**
 * Nothing but the transactions of chunks whose rows are at hand: some partitions at a time, each one's in their order. It begins at once, and
 * counts firings as a reader counts records. Fails when a transaction does not fit what is stored.
 */
export class ChunkCommits implements Reader {
  readonly ended: Promise<never>;
  private readonly done: Promise<unknown>;
  private firings = 0;

  constructor(
    private readonly database: Database,
    partitions: readonly (readonly Chunk[])[],
    atOnce: number,
  ) {
    const waiting = partitions.values();
    this.done = Promise.all(Array.from({ length: atOnce }, () => this.work(waiting)));
    this.ended = new Promise((_, reject: (error: unknown) => void) => void this.done.catch(reject));
  }

  read(): Promise<number> {
    return Promise.resolve(this.firings);
  }

  async stop(): Promise<void> {
    await this.done;
  }

  private async work(waiting: Iterable<readonly Chunk[]>): Promise<void> {
    for (const chunks of waiting) {
      for (const chunk of chunks) {
        const values = commitValues(chunk);
        const { rows } = await this.database.pool.query<{ rung: string[] | null }>({ ...COMMIT_CHUNK, values });
        if (rows[0]!.rung === null) throw new Error('a prepared chunk was fenced');
        this.firings += chunk.firings.length;
      }
    }
  }
}
