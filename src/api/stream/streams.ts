import { once } from 'node:events';
import type { Response } from 'express';
import type { FeedCursor } from '../../store/feed-cursor.js';
import type { ApiParts } from '../api-parts.js';
import type { KnownCaller } from '../caller.js';
import { Problem, quotaExceeded } from '../problem.js';
import { Expiry } from './expiry.js';
import { isRevocationOf, streamText } from './stream-entry.js';
import type { StreamFilter } from './stream-entry.js';
import { STREAMS_PER_LICENSE_MAX } from './stream-operations.js';

const HEARTBEAT_MS = 15_000;
/** How many heartbeats apart the caller is looked at again: what ends it may have changed, or been missed. */
const HEARTBEATS_PER_CHECK = 4;
/** What a client may leave unread for, when the connection is full. */
const STALL_MS = 30_000;
/** What a client waits before it comes again. */
const RECONNECT_MS = 2_000;

export interface StreamRequest {
  license: string;
  /** The API key that the stream is open with; it ends with it. */
  keyId: string | undefined;
  /** When the token or key ends, by `performance.now()`; the stream ends then. */
  endsAtMs: number | undefined;
  filter: StreamFilter;
  after: FeedCursor | undefined;
  /** Rejects when the caller is no longer let in; else says anew when that will be. */
  check: () => Promise<Pick<KnownCaller, 'endsAtMs'>>;
}

/** Those below when not given. */
export interface StreamTimes {
  heartbeatMs?: number;
  stallMs?: number;
}

/**
 * The log as server-sent events. Nothing is kept for a client beyond what its connection holds: when that is full, the
 * feed is not read on, and a client that does not read for half a minute is cut off.
 */
export class Streams {
  private readonly open = new Map<string, number>();
  private readonly closing = new AbortController();

  constructor(private readonly parts: Pick<ApiParts, 'feed' | 'log' | 'streamTimes'>) {}

  /** Resolves when the stream has ended, however. Throws a 429 before it begins when the license has too many. */
  async serve(request: StreamRequest, response: Response): Promise<void> {
    const { license } = request;
    const count = this.open.get(license) ?? 0;
    if (count >= STREAMS_PER_LICENSE_MAX) throw tooManyStreams();
    this.open.set(license, count + 1);
    const gone = new AbortController();
    const end = () => gone.abort();
    response.once('close', end);
    this.closing.signal.addEventListener('abort', end);
    const expiry = new Expiry(end);
    expiry.set(request.endsAtMs);
    // That nobody can tell at the moment ends no stream.
    const look = () => void request.check().then(({ endsAtMs }) => expiry.set(endsAtMs), endIfRefused(end));
    const heartbeat = this.startHeartbeat(response, look);
    try {
      begin(response);
      if (!this.closing.signal.aborted) await this.pass(request, response, { gone: gone.signal, look });
    } catch (error) {
      if (!gone.signal.aborted) this.parts.log.warn({ err: error, license }, 'a stream broke off');
    } finally {
      clearInterval(heartbeat);
      expiry.stop();
      this.closing.signal.removeEventListener('abort', end);
      const rest = (this.open.get(license) ?? 1) - 1;
      if (rest === 0) this.open.delete(license);
      else this.open.set(license, rest);
      response.end();
    }
  }

  /** Ends every stream and the feed itself. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.parts.feed.close();
  }

  private async pass(
    { license, keyId, filter, after }: StreamRequest,
    response: Response,
    { gone, look }: { gone: AbortSignal; look: () => void },
  ): Promise<void> {
    // Revoked since the guard looked, but before what is followed begins: the event of it will not come.
    for await (const entries of this.parts.feed.follow(license, after, gone, look)) {
      for (const entry of entries) {
        const text = streamText(entry, filter);
        if (text !== undefined && !response.write(text) && !(await this.isRead(response, gone))) {
          return void response.destroy();
        }
        if (keyId !== undefined && isRevocationOf(keyId, entry)) return;
      }
    }
  }

  /** Waits until a full connection has room again; false when nobody reads. */
  private async isRead(response: Response, gone: AbortSignal): Promise<boolean> {
    const { stallMs = STALL_MS } = this.parts.streamTimes ?? {};
    if (gone.aborted) return false;
    // A timer of our own: nobody but the garbage collector would have hold of one behind AbortSignal.timeout.
    const stalled = new AbortController();
    const timer = setTimeout(() => stalled.abort(), stallMs);
    const give = () => stalled.abort();
    gone.addEventListener('abort', give, { once: true });
    try {
      await once(response, 'drain', { signal: stalled.signal });
      return true;
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
      gone.removeEventListener('abort', give);
    }
  }

  private startHeartbeat(response: Response, look: () => void): NodeJS.Timeout {
    const { heartbeatMs = HEARTBEAT_MS } = this.parts.streamTimes ?? {};
    let beats = 0;
    return setInterval(() => {
      if (!response.writableNeedDrain) response.write(': \n\n');
      beats++;
      if (beats % HEARTBEATS_PER_CHECK === 0) look();
    }, heartbeatMs);
  }
}

function begin(response: Response): void {
  // By Node's own method: Express would add a charset, of which the format has one anyway.
  response.status(200).setHeader('Content-Type', 'text/event-stream');
  response.setHeader('Cache-Control', 'no-store');
  // What stands in front of us (nginx) would keep events back until a buffer is full.
  response.setHeader('X-Accel-Buffering', 'no');
  response.flushHeaders();
  response.write(`retry: ${RECONNECT_MS}\n\n`);
}

function endIfRefused(end: () => void): (error: unknown) => void {
  return (error) => {
    if (error instanceof Problem && (error.status === 401 || error.status === 403)) end();
  };
}

function tooManyStreams(): Problem {
  return quotaExceeded({
    kind: 'atOnce',
    name: 'streams',
    most: STREAMS_PER_LICENSE_MAX,
    detail: `A license may have ${STREAMS_PER_LICENSE_MAX} streams open at this server. Close one first.`,
  });
}
