import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, StoreLog } from './database.js';
import { beginningOf, type FeedCursor, isBefore } from './feed-cursor.js';
import { type FeedEntry, FeedReader } from './feed-reader.js';

export interface LogFeedOptions {
  database: Database;
  log: StoreLog;
  /** Between two looks at the log; `FEED_INTERVAL_MS` when not given. */
  intervalMs?: number;
}

/** Soon enough for an eye, seldom enough for the database. */
const FEED_INTERVAL_MS = 500;
/** What is kept for a follower that does not come for it; beyond this it reads for itself, when it does. */
const QUEUED_ENTRIES_MAX = 2_000;

/** What was there before transactions were noted has none, 0. */
const FIRST_PLACE = beginningOf(1n);

/** Somebody who follows one license's log. */
interface Follower {
  license: string;
  /** Everything before this place was given to it, or is queued. */
  from: FeedCursor;
  queue: FeedEntry[];
  /** Gets what the tail reads; the others are still reading what they missed. */
  isLive: boolean;
  wake: () => void;
}

/**
 * The log as it grows, for any number of followers in this process: log events and settled deliveries, in the order of
 * the transactions that wrote them. One tail reads for all who are up to date, at an interval, and only while there are
 * such. A follower that begins in the past, or falls behind, reads for itself in pages, one follower at a time, until it
 * meets the tail. Nothing is missed and nothing comes twice, see `FeedReader`, but a transaction that stays open for long
 * anywhere on the server delays all followers until it ends.
 */
export class LogFeed {
  private readonly reader: FeedReader;
  private readonly followers = new Set<Follower>();
  private readonly closing = new AbortController();
  /** The tail has handed out what is before this place. */
  private handedOut = FIRST_PLACE;
  /** How far it is reading at this moment: whoever joins now must have read up to there itself. */
  private readingTo: FeedCursor | undefined;
  private tail: Promise<void> | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: LogFeedOptions) {
    this.reader = new FeedReader(options.database);
  }

  /**
   * Everything of a license behind a place, or from now on, until the signal, or the feed is closed. What is older than
   * the log itself is left out without a word. `onPlace` is called once it is settled where that begins. Memory is
   * bounded however slowly it is iterated. Throws when the database cannot be read while it catches up.
   */
  async *follow(
    license: string,
    after: FeedCursor | undefined,
    signal: AbortSignal,
    onPlace: () => void = () => undefined,
  ): AsyncGenerator<FeedEntry[]> {
    const { horizon, isOver } = await this.reader.moment();
    onPlace();
    // A place ahead of everything is of a database that is no more, as after a restore.
    const place = after !== undefined && after.xid < horizon ? later(after, FIRST_PLACE) : undefined;
    const now = beginningOf(horizon);
    const follower: Follower = {
      license,
      from: place ?? now,
      queue: [],
      isLive: false,
      wake: () => undefined,
    };
    const ended = AbortSignal.any([signal, this.closing.signal]);
    if (this.tail === undefined) this.handedOut = later(this.handedOut, now);
    const wake = () => follower.wake();
    ended.addEventListener('abort', wake);
    this.followers.add(follower);
    try {
      while (!ended.aborted) {
        const entries = await this.next(follower, ended);
        const isNews = (entry: FeedEntry) => (place === undefined ? !isOver(entry.xid) : isBefore(place, entry));
        const news = entries.filter(isNews);
        if (news.length > 0) yield news;
      }
    } finally {
      this.followers.delete(follower);
      ended.removeEventListener('abort', wake);
    }
  }

  /** Ends every follower and the tail. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.tail;
  }

  private get frontier(): FeedCursor {
    return this.readingTo ?? this.handedOut;
  }

  private async next(follower: Follower, ended: AbortSignal): Promise<FeedEntry[]> {
    if (follower.queue.length > 0) return follower.queue.splice(0);
    if (!follower.isLive) {
      if (isBefore(follower.from, this.frontier)) return this.catchUp(follower);
      follower.isLive = true;
      this.tail ??= this.runTail();
    }
    await new Promise<void>((resolve) => {
      follower.wake = resolve;
      if (ended.aborted) resolve();
    });
    return follower.queue.splice(0);
  }

  /** One page, when it is this follower's turn: however many have much to catch up with, one connection serves them. */
  private async catchUp(follower: Follower): Promise<FeedEntry[]> {
    const page = this.turn.then(async () => {
      const { upTo, hasRows } = await this.reader.bound(follower.from, this.frontier);
      const entries = hasRows ? await this.reader.read(follower.from, upTo, [follower.license]) : [];
      follower.from = upTo;
      return entries;
    });
    this.turn = page.catch(() => undefined);
    return page;
  }

  private async runTail(): Promise<void> {
    const { intervalMs = FEED_INTERVAL_MS, log } = this.options;
    const { signal } = this.closing;
    try {
      while (!signal.aborted && this.live().length > 0) {
        try {
          while ((await this.handOut()) && !signal.aborted);
        } catch (error) {
          log.warn({ err: error }, 'the log cannot be read for its followers; trying again');
        }
        await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
      }
    } finally {
      this.tail = undefined;
    }
  }

  private live(): Follower[] {
    return [...this.followers].filter(({ isLive }) => isLive);
  }

  /** Reads a page for those who are up to date now; who becomes so meanwhile has read it itself. True for another page. */
  private async handOut(): Promise<boolean> {
    const { upTo, hasRows, isCut } = await this.reader.bound(this.handedOut);
    if (!isBefore(this.handedOut, upTo)) return false;
    const audience = this.live();
    this.readingTo = upTo;
    try {
      const licenses = [...new Set(audience.map(({ license }) => license))];
      const entries = hasRows ? await this.reader.read(this.handedOut, upTo, licenses) : [];
      for (const follower of audience) give(follower, entries, upTo);
      this.handedOut = upTo;
    } finally {
      this.readingTo = undefined;
    }
    return isCut;
  }
}

/** A follower with too much in its queue gets no more: it goes on by itself from where the queue ends. */
function give(follower: Follower, entries: readonly FeedEntry[], upTo: FeedCursor): void {
  const own = entries.filter((entry) => entry.license === follower.license && !isBefore(entry, follower.from));
  if (follower.queue.length > 0 && follower.queue.length + own.length > QUEUED_ENTRIES_MAX) {
    follower.isLive = false;
  } else {
    follower.queue.push(...own);
    follower.from = later(follower.from, upTo);
  }
  if (own.length > 0) follower.wake();
}

function later(a: FeedCursor, b: FeedCursor): FeedCursor {
  return isBefore(a, b) ? b : a;
}
