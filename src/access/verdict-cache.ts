import { RecentMap } from '../core/recent-map.js';
import type { Verdict } from './permission-provider.js';

export interface VerdictCacheOptions {
  /** How long an answer is good for, from the moment it was asked for. 0 remembers none of that kind. */
  grantedMs: number;
  deniedMs: number;
  /** How long after that a `granted` still stands in for an `unknown`. */
  graceMs?: number;
  entriesMax: number;
  /** A clock that never steps, in ms. */
  now: () => number;
}

interface Entry {
  verdict: Verdict;
  freshUntilMs: number;
  graceUntilMs: number;
}

/** While the source is out, an answer that is in its grace is asked for again this often: whoever asks waits for that. */
const GRACE_RETRY_MS = 30_000;

/**
 * Remembers verdicts for a bounded time, and lets callers who ask for the same thing at the same time share one
 * question. `unknown` is never remembered. What was asked last wins: an older question that is answered later does not
 * replace it.
 */
export class VerdictCache {
  private readonly entries: RecentMap<string, Entry>;
  private readonly flights = new Map<string, Promise<Verdict>>();

  constructor(private readonly options: VerdictCacheOptions) {
    this.entries = new RecentMap(options.entriesMax);
  }

  /** The verdict for a key, where that needs no question. */
  known(key: string): Verdict | undefined {
    const entry = this.entries.get(key);
    return entry && this.options.now() < entry.freshUntilMs ? entry.verdict : undefined;
  }

  /** The verdict for a key. `fresh` neither uses an answer nor joins a question that is older than this call. `ask` must not reject. */
  async get(key: string, fresh: boolean, ask: () => Promise<Verdict>): Promise<Verdict> {
    if (fresh) return this.fly(key, ask);
    const known = this.known(key);
    if (known !== undefined) return known;
    return this.flights.get(key) ?? this.fly(key, ask);
  }

  private async fly(key: string, ask: () => Promise<Verdict>): Promise<Verdict> {
    const flight = this.askAndKeep(key, ask, () => this.flights.get(key) === flight);
    this.flights.set(key, flight);
    try {
      return await flight;
    } finally {
      if (this.flights.get(key) === flight) this.flights.delete(key);
    }
  }

  private async askAndKeep(key: string, ask: () => Promise<Verdict>, isNewest: () => boolean): Promise<Verdict> {
    const askedAtMs = this.options.now();
    const verdict = await ask();
    if (verdict === 'unknown') return this.duringOutage(key);
    if (isNewest()) this.keep(key, verdict, askedAtMs);
    return verdict;
  }

  private duringOutage(key: string): Verdict {
    const entry = this.entries.get(key);
    const nowMs = this.options.now();
    if (entry?.verdict !== 'granted' || nowMs >= entry.graceUntilMs) return 'unknown';
    entry.freshUntilMs = Math.min(nowMs + GRACE_RETRY_MS, entry.graceUntilMs);
    return 'granted';
  }

  private keep(key: string, verdict: 'granted' | 'denied', askedAtMs: number): void {
    this.entries.delete(key);
    const keepMs = verdict === 'granted' ? this.options.grantedMs : this.options.deniedMs;
    if (keepMs <= 0) return;
    const freshUntilMs = askedAtMs + keepMs;
    this.entries.set(key, { verdict, freshUntilMs, graceUntilMs: freshUntilMs + (this.options.graceMs ?? 0) });
  }
}
