import type { Database, StoreLog } from './database.js';
import { DeadLetterStore } from './dead-letters.js';
import { IndexLog } from './index-log.js';
import { LogPartitions } from './log-partitions.js';
import { TriggerStore } from './triggers.js';

const INTERVAL_MS = 3_600_000;
/** An engine that was cut off for longer loads the whole index again. */
const CHANGES_KEPT_HOURS = 24;

export interface HousekeepingOptions {
  database: Database;
  retentionDays: number;
  log: StoreLog;
}

/**
 * The hourly work on the database's own tables: days of the log are made ahead and dropped, what deleted triggers and
 * old dead letters left behind goes, and so do index changes that everyone has seen. Any number of processes may run
 * it. A run that fails is logged and left to the next: days are made a week ahead, and a day that is missing all the
 * same falls into the default partition.
 */
export class Housekeeping {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: HousekeepingOptions) {}

  /** Resolves when the first run is over. */
  async start(): Promise<void> {
    this.timer = setInterval(() => {
      this.running = this.run();
    }, INTERVAL_MS);
    this.timer.unref();
    this.running = this.run();
    await this.running;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async expire(partitions: LogPartitions, now: Date): Promise<void> {
    const { retentionDays, log } = this.options;
    const { expired } = await partitions.expire(now, retentionDays);
    if (expired === 0) return;
    log.warn({ deliveries: expired, retentionDays }, 'deliveries were given up: the event log is not kept for longer');
  }

  private async run(): Promise<void> {
    const { database, retentionDays, log } = this.options;
    const partitions = new LogPartitions(database);
    const now = new Date();
    const chores: [name: string, chore: () => Promise<unknown>][] = [
      ['make days ahead', () => partitions.ensure(now)],
      ['drop old days', () => this.expire(partitions, now)],
      ['sweep deleted triggers', () => new TriggerStore(database).sweep()],
      ['drop old dead letters', () => new DeadLetterStore(database).prune(retentionDays)],
      ['forget index changes', () => new IndexLog(database).prune(CHANGES_KEPT_HOURS)],
    ];
    for (const [chore, run] of chores) {
      try {
        await run();
      } catch (error) {
        log.warn({ err: error, chore }, 'a chore of housekeeping failed; it is tried again within the hour');
      }
    }
  }
}
