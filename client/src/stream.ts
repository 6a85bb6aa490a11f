import { createParser } from 'eventsource-parser';
import type { EventSourceMessage } from 'eventsource-parser';
import { authorizationOf } from './connection.js';
import type { Connection } from './connection.js';
import { Problem, readProblem } from './problem.js';
import type { components, operations } from './schema.js';

/** Two heartbeats of the server and a half: a connection on which nothing comes for so long is dead. */
const SILENCE_MS = 37_500;
/** Until the server says what it wants (`retry:`), and the bounds of what it may want. */
const RETRY_MS = 2_000;
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 30_000;

/** What is wanted of the stream; all of it when nothing is said. */
export type StreamFilter = NonNullable<operations['openStream']['parameters']['query']>;

/** Something that happened: an event of the log, or a delivery that is settled. */
export type StreamEntry = {
  /** The place in the stream: `lastEventId` of whoever goes on behind it. */
  id: string;
  /** Such as `trigger.fired` or `delivery.failed`. */
  name: string;
} & (
  | { kind: 'event'; event: components['schemas']['LogEvent'] }
  | { kind: 'delivery'; delivery: components['schemas']['Delivery'] }
);

/** How the connection does. Whoever reconnects says why, and when at the latest. */
export type ConnectionState = { kind: 'connected' } | { kind: 'reconnecting'; waitMs: number; cause: unknown };

export interface StreamOptions {
  filter?: StreamFilter;
  /** The `id` of the last entry that is known; from now on without it. */
  lastEventId?: string;
  /** Ends the stream, without an error. */
  signal?: AbortSignal;
  onConnection?: (state: ConnectionState) => void;
  /** After how long without a byte a connection is taken for dead. */
  silenceMs?: number;
}

/** What outlives a connection. */
interface Place {
  lastEventId: string | undefined;
  retryMs: number;
  /** Connections in a row that came to nothing. */
  failures: number;
}

/**
 * Follows `GET /v1/stream`, over every break: goes on behind the last entry, so that none is missing or doubled, and
 * waits longer after each connection that comes to nothing. Ends with `signal`, or when whoever iterates stops. Throws
 * the `Problem` of an answer that waiting does not change (4xx but 429), such as 401 when the token has ended.
 */
export async function* followStream(
  to: Connection,
  options: StreamOptions = {},
): AsyncGenerator<StreamEntry, void, undefined> {
  const { signal, onConnection } = options;
  const place: Place = { lastEventId: options.lastEventId, retryMs: RETRY_MS, failures: 0 };
  const isEnded = () => signal?.aborted ?? false;
  while (!isEnded()) {
    const connection = new StreamConnection(to, options, place);
    const end = () => connection.end();
    signal?.addEventListener('abort', end);
    let cause: unknown;
    try {
      yield* connection.entries();
    } catch (error) {
      if (isEnded()) return;
      if (isFinal(error)) throw error;
      cause = error;
    } finally {
      signal?.removeEventListener('abort', end);
      connection.end();
    }
    if (isEnded()) return;
    const waitMs = waitMsAfter(place, cause);
    onConnection?.({ kind: 'reconnecting', waitMs, cause });
    await sleep(waitMs, signal);
  }
}

/** One connection, from the request to its end. */
class StreamConnection {
  private readonly ending = new AbortController();
  private readonly request: Request;

  constructor(
    private readonly to: Connection,
    private readonly options: StreamOptions,
    private readonly place: Place,
  ) {
    this.request = new Request(`${to.baseUrl.replace(/\/$/, '')}/v1/stream${queryOf(options.filter)}`, {
      headers: {
        accept: 'text/event-stream',
        authorization: authorizationOf(to),
        ...(place.lastEventId !== undefined && { 'last-event-id': place.lastEventId }),
      },
      cache: 'no-store',
      signal: this.ending.signal,
    });
  }

  end(): void {
    this.ending.abort();
  }

  /** Ends when the server ends the answer; throws when the connection breaks or cannot be made. */
  async *entries(): AsyncGenerator<StreamEntry, void, undefined> {
    this.place.failures++;
    const reader = await this.open();
    this.place.failures = 0;
    this.options.onConnection?.({ kind: 'connected' });
    const messages: EventSourceMessage[] = [];
    const parser = createParser({
      onEvent: (message) => void messages.push(message),
      onRetry: (retryMs) => void (this.place.retryMs = retryMs),
    });
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await this.orSilence(reader.read());
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      for (const message of messages.splice(0)) {
        const entry = readEntry(message);
        this.place.lastEventId = entry.id;
        yield entry;
      }
    }
  }

  private async open(): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const { fetch = (request: Request) => globalThis.fetch(request) } = this.to;
    const response = await this.orSilence(fetch(this.request));
    if (!response.ok) throw await this.orSilence(readProblem(response));
    const type = response.headers.get('content-type');
    if (!response.body || !type?.startsWith('text/event-stream')) {
      throw new Error(`The stream was answered with ${type ?? 'nothing'}. Something in between may have answered.`);
    }
    return response.body.getReader();
  }

  /** Measures only while something is awaited: whoever takes long over an entry is not the server's fault. */
  private async orSilence<Value>(awaited: Promise<Value>): Promise<Value> {
    const silenceMs = this.options.silenceMs ?? SILENCE_MS;
    const tooLong = () => this.ending.abort(new Error(`Nothing came on the stream for ${silenceMs} ms.`));
    const timer = setTimeout(tooLong, silenceMs);
    try {
      return await awaited;
    } finally {
      clearTimeout(timer);
    }
  }
}

function queryOf(filter: StreamFilter = {}): string {
  const given = Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

function readEntry({ id = '', event: name = '', data }: EventSourceMessage): StreamEntry {
  const read = JSON.parse(data) as components['schemas']['LogEvent'] | components['schemas']['Delivery'];
  // A failed delivery and the log event of its failure have one name.
  return 'status' in read ? { id, name, kind: 'delivery', delivery: read } : { id, name, kind: 'event', event: read };
}

/** Waiting changes nothing about it. What is no JSON is no stream of ours. */
function isFinal(error: unknown): boolean {
  if (error instanceof Problem) return error.status >= 400 && error.status < 500 && error.status !== 429;
  return error instanceof SyntaxError;
}

/** Twice as long after each failure, and up to half of it less, so that not all come back at once. */
function waitMsAfter({ retryMs, failures }: Place, cause: unknown): number {
  const asked = cause instanceof Problem ? (cause.retryAfterMs ?? 0) : 0;
  const mostMs = Math.min(Math.max(retryMs, RETRY_MS_MIN) * 2 ** failures, RETRY_MS_MAX);
  return Math.max(mostMs * (0.5 + Math.random() / 2), Math.min(asked, RETRY_MS_MAX));
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
  });
}
