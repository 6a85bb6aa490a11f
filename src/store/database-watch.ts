import type { Database, StoreLog } from './database.js';
import { databaseHintOf, databaseRefusalOf } from './database-refusal.js';

export interface DatabaseWatchOptions {
  database: Database;
  log: StoreLog & { error(fields: object, message: string): void; info(fields: object, message: string): void };
  lookMs?: number;
}

const LOOK_MS = 5_000;
const REPEAT_MS = 60_000;

/**
 * Tells operators, once a minute and kind, when PostgreSQL has something against us while we run. Whoever needs the database goes
 * on trying by itself, and says of each try only that it failed.
 */
export class DatabaseWatch {
  private looking: NodeJS.Timeout | undefined;
  /** When each kind of trouble was told last; empty when there is none. */
  private readonly toldMs = new Map<string, number>();

  constructor(private readonly options: DatabaseWatchOptions) {}

  start(): void {
    let isUnderWay = false;
    this.looking = setInterval(() => {
      if (isUnderWay) return;
      isUnderWay = true;
      void this.look().finally(() => (isUnderWay = false));
    }, this.options.lookMs ?? LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.looking);
  }

  /** Both ways: behind a pooler they lead to different servers. */
  private async look(): Promise<void> {
    const { database, log } = this.options;
    try {
      await database.pool.query('select 1');
      await database.dataSource.query('select 1');
      if (this.toldMs.size > 0) log.info({}, 'the database is reachable again');
      this.toldMs.clear();
    } catch (error) {
      this.tell(error);
    }
  }

  private tell(error: unknown): void {
    const refusal = databaseRefusalOf(error);
    const hint = databaseHintOf(error);
    const kind = refusal?.kind ?? `away ${hint ?? ''}`;
    const nowMs = performance.now();
    if (nowMs - (this.toldMs.get(kind) ?? -Infinity) < REPEAT_MS) return;
    this.toldMs.set(kind, nowMs);
    if (refusal) this.options.log.error({ err: error }, `${refusal.text}; trying again`);
    else this.options.log.warn({ err: error }, `the database is not reachable; ${hint ?? 'trying again'}`);
  }
}
