import type { PermissionProvider, Verdict } from '../access/permission-provider.js';
import { VerdictCache } from '../access/verdict-cache.js';
import { RecentMap } from '../core/recent-map.js';
import type { Log } from '../observability/log.js';

/** While a question of the license is under way, those of this long are asked together. */
const COALESCE_MS = 5;
/** Vehicles in one question. */
const VEHICLES_MAX = 500;
/** A provider that has not answered by then does not know. */
const TIMEOUT_MS = 10_000;
/** The part of that time in which a provider may begin to ask: an answer that came later would be thrown away. */
const PATIENCE = 2 / 5;
/** Some 300 bytes each. */
const ENTRIES_MAX = 100_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** The largest part of a wait that chance adds, so that what nobody knew is not asked for at once. */
const JITTER = 0.1;

export interface PermissionCheckOptions {
  provider: Pick<PermissionProvider, 'check'>;
  /** How long a yes is believed. */
  cacheMs: number;
  /** Ms that never go back. */
  ticks: () => number;
  random: () => number;
  log: Log;
  /** Default: 10 s. */
  timeoutMs?: number;
}

/** `waitMs`: when to ask again. */
export type PermissionAnswer = { kind: 'granted' } | { kind: 'denied' } | { kind: 'unknown'; waitMs: number };

interface Batch {
  readonly key: string;
  readonly license: string;
  readonly permissions: readonly string[];
  readonly answers: Map<string, (verdict: Verdict) => void>;
}

/**
 * Asks whether a license may still read a vehicle, before it is told anything of it. A yes is remembered; a no is asked
 * for once more, past whatever the provider remembers, since it may be older than the permission. What nobody knows is
 * to be asked again after a time that doubles from 1 s to 1 min, until there is an answer.
 */
export class PermissionCheck {
  private readonly cache: VerdictCache;
  private readonly batches = new Map<string, Batch>();
  /** How many questions are under way, by what they ask together. */
  private readonly asking = new Map<string, number>();
  /** How often in a row there was no answer. */
  private readonly unknowns = new RecentMap<string, number>(ENTRIES_MAX);

  private readonly timeoutMs: number;

  constructor(private readonly options: PermissionCheckOptions) {
    const { cacheMs, ticks, timeoutMs = TIMEOUT_MS } = options;
    this.timeoutMs = timeoutMs;
    this.cache = new VerdictCache({ grantedMs: cacheMs, deniedMs: 0, entriesMax: ENTRIES_MAX, now: ticks });
  }

  /** Never rejects. */
  async ask(license: string, vehicle: string, permissions: readonly string[]): Promise<PermissionAnswer> {
    // No part can contain a line break, so that two questions cannot have one key.
    const key = [license, vehicle, ...permissions].join('\n');
    const verdict = this.cache.known(key) ?? (await this.find(key, license, vehicle, permissions));
    return verdict === 'unknown' ? { kind: 'unknown', waitMs: this.waitMs(key) } : { kind: verdict };
  }

  private find(key: string, license: string, vehicle: string, permissions: readonly string[]): Promise<Verdict> {
    return this.cache.get(key, false, async () => {
      const answer = await this.askTwice(license, vehicle, permissions);
      this.note(key, answer);
      return answer;
    });
  }

  private async askTwice(license: string, vehicle: string, permissions: readonly string[]): Promise<Verdict> {
    const first = await this.join(license, vehicle, permissions, false);
    return first === 'denied' ? this.join(license, vehicle, permissions, true) : first;
  }

  /**
   * Asks together with others of the same license and permissions. The first asks for itself and for whoever comes in the
   * same tick, as all do that were read from the queue together: waiting 5 ms for more was the longest part of a firing's
   * way.
   */
  private join(license: string, vehicle: string, permissions: readonly string[], fresh: boolean): Promise<Verdict> {
    const key = [fresh, license, ...permissions].join('\n');
    let batch = this.batches.get(key);
    // Only another round of the same question: it goes on its own, later than the batch.
    if (!batch || batch.answers.has(vehicle) || batch.answers.size === VEHICLES_MAX) {
      const made: Batch = (batch = { key, license, permissions, answers: new Map() });
      this.batches.set(key, made);
      const ask = () => {
        if (this.batches.get(key) === made) this.batches.delete(key);
        void this.answer(made, fresh);
      };
      if (this.asking.has(key)) setTimeout(ask, COALESCE_MS);
      else process.nextTick(ask);
    }
    const { answers } = batch;
    return new Promise((resolve) => answers.set(vehicle, resolve));
  }

  private async answer({ key, license, permissions, answers }: Batch, fresh: boolean): Promise<void> {
    const vehicles = [...answers.keys()];
    this.asking.set(key, (this.asking.get(key) ?? 0) + 1);
    const options = { fresh, patienceMs: this.timeoutMs * PATIENCE };
    let verdicts: Verdict[] = [];
    try {
      verdicts = await this.inTime(this.options.provider.check(license, vehicles, permissions, options));
    } catch (error) {
      this.options.log.warn({ err: error, license }, 'permissions could not be asked for; asking again');
    }
    const stillAsking = this.asking.get(key)! - 1;
    if (stillAsking > 0) this.asking.set(key, stillAsking);
    else this.asking.delete(key);
    vehicles.forEach((vehicle, index) => answers.get(vehicle)!(verdicts[index] ?? 'unknown'));
  }

  private async inTime(asked: Promise<Verdict[]>): Promise<Verdict[]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Verdict[]>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), this.timeoutMs);
    });
    try {
      return await Promise.race([asked, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private note(key: string, verdict: Verdict): void {
    const inARow = this.unknowns.get(key) ?? 0;
    this.unknowns.delete(key);
    if (verdict === 'unknown') this.unknowns.set(key, inARow + 1);
  }

  private waitMs(key: string): number {
    const doublings = Math.min((this.unknowns.get(key) ?? 1) - 1, 20);
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** doublings, LONGEST_WAIT_MS);
    return Math.round(waitMs * (1 + JITTER * this.options.random()));
  }
}
