import { forgetApiKeys } from './api-keys.js';
import type { Database, StoreLog } from './database.js';
import { DeadLetterStore } from './dead-letters.js';
import { removeOrphans } from './endpoints.js';
import { IdempotencyStore } from './idempotency.js';
import { IndexLog } from './index-log.js';
import { LogPartitions } from './log-partitions.js';
import { OperationStore } from './operations.js';
import { forgetQuotaMinutes } from './quotas.js';
import { forgetPreviousSecrets, renewSecrets, type SecretSealing } from './secret-renewal.js';
import { sweepDeletedTriggers } from './trigger-remains.js';

const INTERVAL_MS = 3_600_000;
/** An engine that was cut off for longer loads the whole index again. */
const CHANGES_KEPT_HOURS = 24;

export interface HousekeepingOptions {
  database: Database;
  retentionDays: number;
  /** Seals again what was sealed with an older key; without it that is left to others. */
  secrets?: SecretSealing;
  log: HousekeepingLog;
}

export interface HousekeepingLog extends StoreLog {
  info(fields: object, message: string): void;
}

/**
 * The hourly work on the database's own tables: days of the log are made ahead and dropped; what deleted triggers left
 * goes, and so do endpoints that no trigger uses any more, old dead letters, answers to repeated requests, operations,
 * API keys that were over long ago, minutes of limits, secrets whose overlap is over, and index changes that everyone has
 * seen; secrets are sealed with the newest key. Any number of processes may run it. What fails is logged and left to the
 * next run: days are made a week ahead, and what belongs to a day that is missing all the same falls into the default
 * partition.
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

  private async expire(partitions: LogPartitions): Promise<void> {
    const { retentionDays, log } = this.options;
    const { expired } = await partitions.expire(await this.now(), retentionDays);
    if (expired === 0) return;
    log.warn({ deliveries: expired, retentionDays }, 'deliveries were given up: the event log is not kept for longer');
  }

  /** The database's: a process whose clock is ahead must not take the log for old. */
  private async now(): Promise<Date> {
    const { rows } = await this.options.database.pool.query<{ now: Date }>('select now() as now');
    return rows[0]!.now;
  }

  private async renewSecrets(): Promise<void> {
    const { database, secrets, log } = this.options;
    if (secrets === undefined) return;
    const { renewed, unreadable } = await renewSecrets(database, secrets);
    if (renewed > 0) log.info({ endpoints: renewed }, 'secrets were sealed with the newest key');
    if (unreadable > 0) {
      log.warn({ endpoints: unreadable }, 'secrets cannot be opened: the key that sealed them is not configured');
    }
  }

  private async run(): Promise<void> {
    const { database, retentionDays, log } = this.options;
    const partitions = new LogPartitions(database);
    const chores: [name: string, chore: () => Promise<unknown>][] = [
      ['make days ahead', async () => partitions.ensure(await this.now())],
      ['drop old days', () => this.expire(partitions)],
      ['sweep deleted triggers', () => sweepDeletedTriggers(database)],
      ['remove endpoints without triggers', () => removeOrphans(database)],
      ['drop old dead letters', () => new DeadLetterStore(database).prune(retentionDays)],
      ['forget answers to repeated requests', () => new IdempotencyStore(database).prune()],
      ['forget operations', () => new OperationStore(database).prune()],
      ['forget API keys', () => forgetApiKeys(database)],
      ['forget minutes of limits', () => forgetQuotaMinutes(database)],
      ['forget previous secrets', () => forgetPreviousSecrets(database)],
      ['seal secrets anew', () => this.renewSecrets()],
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
