import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog } from '../core/catalog.js';
import type { Log } from '../observability/log.js';
import type { PermissionRounds, ToldMetric } from '../store/permission-rounds.js';
import type { PermissionCheck } from './permission-check.js';

/** Of all processes together. */
const EVERY_MS = 30_000;
/** How often each process looks whether a round is due. */
const LOOK_MS = 5_000;
/** What a round asks for at most, and for how long it begins to: the next one goes on from there. */
const QUESTIONS_MAX = 50_000;
const ROUND_MS = 25_000;

export interface PermissionPatrolOptions {
  rounds: Pick<PermissionRounds, keyof PermissionRounds>;
  permissions: Pick<PermissionCheck, 'ask'>;
  catalog: Pick<Catalog, 'permissionsOf'>;
  /** Ends what the license reads of the vehicle without a permission, and tells it. */
  revoke: (license: string, vehicle: string) => Promise<void>;
  log: Log;
  /** Ms that never go back. */
  ticks?: () => number;
  /** Default: 30 s. */
  everyMs?: number;
  /** Default: 5 s. */
  lookMs?: number;
  /** Default: 50,000. */
  questionsMax?: number;
}

/**
 * Asks for the permissions of what fired, whether or not it is delivered: a firing is in the log, where its license reads
 * it, also when its delivery is held or waits. Of all processes one makes a round every 30 s, over what was written since
 * the last; what was asked for a short while ago, as before a delivery, is not asked for again. Where the answer is no,
 * subscriptions end; where nobody knows, nothing does, and the vehicle comes up again with its next firing.
 */
export class PermissionPatrol {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: PermissionPatrolOptions) {}

  /** Begins to make rounds. A database that is not there is waited for in the background. */
  start(): void {
    this.running = this.run();
  }

  /** Begins nothing new, and waits up to `graceMs` for what is under way. What is not over then, others do again. */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    const over = new AbortController();
    const grace = sleep(graceMs, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([this.running, grace]);
    over.abort();
  }

  private async run(): Promise<void> {
    const { lookMs = LOOK_MS, log } = this.options;
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.round();
      } catch (error) {
        log.warn({ err: error }, 'the permissions of what fired could not be asked for; the next round goes on');
      }
      await sleep(lookMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Page by page: what a page names is asked for at once, in turns with other licenses and with deliveries. */
  private async round(): Promise<void> {
    const { rounds, ticks = () => performance.now(), everyMs = EVERY_MS, questionsMax = QUESTIONS_MAX } = this.options;
    let place = await rounds.begin(everyMs);
    const startedMs = ticks();
    const asked = new Set<string>();
    while (place !== undefined) {
      const { told, upTo, isCut } = await rounds.read(place);
      await this.askAll(told, asked);
      // Answers that the end of this process cut short are no answers.
      if (this.stopping.signal.aborted || !(await rounds.move(place, upTo))) return;
      place = isCut ? upTo : undefined;
      if (place !== undefined && (asked.size >= questionsMax || ticks() - startedMs >= ROUND_MS)) {
        const message = 'more fired than permissions can be asked for in a round; the next one goes on from there';
        this.options.log.warn({ asked: asked.size }, message);
        return;
      }
    }
  }

  private async askAll(told: readonly ToldMetric[], asked: Set<string>): Promise<void> {
    const answers: Promise<void>[] = [];
    for (const one of told) {
      const permissions = this.options.catalog.permissionsOf(one);
      const question = [one.license, one.vehicle, ...permissions].join('\n');
      if (asked.has(question)) continue;
      asked.add(question);
      answers.push(this.ask(one, permissions));
    }
    await Promise.all(answers);
  }

  private async ask({ license, vehicle }: ToldMetric, permissions: readonly string[]): Promise<void> {
    const { kind } = await this.options.permissions.ask(license, vehicle, permissions);
    if (kind !== 'denied' || this.stopping.signal.aborted) return;
    try {
      await this.options.revoke(license, vehicle);
    } catch (error) {
      const message = 'subscriptions without a permission could not be ended; the next firing tries again';
      this.options.log.warn({ err: error, license, vehicle }, message);
    }
  }
}
