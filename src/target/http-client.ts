import { Agent } from 'undici';
import { RecentMap } from '../core/recent-map.js';
import type { Log } from '../observability/log.js';
import type { AddressGuard } from './address-guard.js';
import { ConnectFailure } from './connect-failure.js';
import { Exchange } from './exchange.js';
import { GuardedConnector, type Dial } from './guarded-connector.js';
import { createResolver, type ResolveName } from './name-resolver.js';
import { parseTargetUrl } from './target-url.js';
import { USER_AGENT } from './user-agent.js';

/** How long an idle connection is kept when the target does not say; below Node's and nginx's own limits. */
const KEEP_ALIVE_MS = 4_000;
/** The longest a target can ask for. */
const KEEP_ALIVE_MAX_MS = 60_000;
/** Of the answer's header fields, and of its trailer fields. */
const ANSWER_HEAD_MAX_BYTES = 16 * 1024;
/** After so many requests a connection is made anew, so that a busy target can move to another address. */
const REQUESTS_PER_CONNECTION = 1_000;
/** URLs that are remembered with what they mean. */
const DESTINATIONS_MAX = 5_000;

/** How undici is used, whoever makes the connections. */
export const AGENT_OPTIONS = {
  pipelining: 1,
  keepAliveTimeout: KEEP_ALIVE_MS,
  keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
  maxRequestsPerClient: REQUESTS_PER_CONNECTION,
  maxHeaderSize: ANSWER_HEAD_MAX_BYTES,
  // One timer of our own covers everything.
  headersTimeout: 0,
  bodyTimeout: 0,
} as const satisfies Agent.Options;

export interface TargetRequest {
  url: string;
  headers: Record<string, string>;
  body: string | Buffer;
  /** For everything, from the name's resolution to the answer's last byte; default: the client's. */
  timeoutMs?: number;
  /** Reading stops there, and the answer is `truncated`. */
  maxAnswerBytes: number;
}

export type FailureReason = 'timeout' | 'connection' | 'tls' | 'dns' | 'blocked' | 'body';

/** What was going on when a request failed: no connection yet, no status yet, or the body not complete. */
export type RequestStage = 'connect' | 'answer' | 'body';

/** `message` is a sentence with at most an error code in it: no address, no text of the answer. */
export type TargetAnswer =
  | {
      kind: 'answered';
      statusCode: number;
      /** Names in lower case; several values of one name joined by ", ". */
      headers: Record<string, string>;
      body: Buffer;
      truncated: boolean;
      durationMs: number;
    }
  | { kind: 'failed'; reason: FailureReason; stage: RequestStage; message: string; durationMs: number };

export interface TargetClientOptions {
  guard: AddressGuard;
  timeoutMs: number;
  /** Further requests to the origin wait, within their time; so it should not be below what one sender may have in flight. */
  connectionsPerOrigin: number;
  /** Certificates (PEM) to trust besides the built-in ones. `NODE_EXTRA_CA_CERTS` counts only when this is not given. */
  ca?: string | string[];
  /** How names are resolved; default: DNS, then the system. */
  resolve?: ResolveName;
  /** The operator's egress proxy, `http://` or `https://`, with credentials if it wants them. See `ProxyTunnel`. */
  proxyUrl?: string | undefined;
  /** How a connection is begun, where there is no proxy; for tests, which may only record it. */
  dial?: Dial | undefined;
  /** A clock that never steps, in ms: for how long TLS sessions are resumed. Default: performance.now. */
  now?: (() => number) | undefined;
  log: Log;
}

/**
 * The only way out to addresses that developers chose. HTTPS alone; each new connection resolves its name once, has
 * every address judged by the guard and goes to one of those it judged; redirects are answers like any other; what
 * is compressed stays compressed.
 */
export class TargetClient {
  private readonly agent: Agent;
  private readonly connector: GuardedConnector;
  private readonly timeoutMs: number;
  private readonly log: Log;
  /** Reading a URL takes as long as a signature. */
  private readonly destinations = new RecentMap<string, { origin: string; path: string }>(DESTINATIONS_MAX);

  constructor({ timeoutMs, connectionsPerOrigin, resolve = createResolver(), log, ...options }: TargetClientOptions) {
    this.timeoutMs = timeoutMs;
    this.log = log;
    this.connector = new GuardedConnector({ ...options, resolve, log });
    this.agent = new Agent({ ...AGENT_OPTIONS, connect: this.connector.connect, connections: connectionsPerOrigin });
  }

  /** Sends one POST. Never throws, whatever the URL, the headers or the target. */
  async post(request: TargetRequest): Promise<TargetAnswer> {
    const startedMs = performance.now();
    const timeoutMs = request.timeoutMs ?? this.timeoutMs;
    const exchange = new Exchange(request.maxAnswerBytes);
    const timer = setTimeout(() => exchange.abort(new ConnectFailure('timeout')), timeoutMs);
    try {
      this.dispatch(request, exchange);
      const answer = await exchange.answer;
      return { kind: 'answered', ...answer, durationMs: performance.now() - startedMs };
    } catch (error) {
      const reason = reasonOf(error, exchange.stage);
      this.log.debug({ err: error, reason, stage: exchange.stage }, 'request to a target failed');
      const message =
        reason === 'timeout' ? `No complete answer within ${timeoutMs / 1000} s.` : describe(reason, error);
      return { kind: 'failed', reason, stage: exchange.stage, message, durationMs: performance.now() - startedMs };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Breaks off what is under way (it answers `failed`) and closes every connection. */
  async close(): Promise<void> {
    this.connector.close();
    await this.agent.destroy();
  }

  private dispatch({ url: text, headers, body }: TargetRequest, exchange: Exchange): void {
    const { origin, path } = this.destinationOf(text);
    this.agent.dispatch({ origin, path, method: 'POST', headers: headerList(headers), body }, exchange);
  }

  private destinationOf(text: string): { origin: string; path: string } {
    const known = this.destinations.get(text);
    if (known) return known;
    const parsed = parseTargetUrl(text);
    if (parsed.kind === 'invalid') throw new ConnectFailure('blocked');
    const { origin, pathname, search } = parsed.url;
    const destination = { origin, path: pathname + search };
    this.destinations.set(text, destination);
    return destination;
  }
}

/** What each request has that does not say otherwise. */
const DEFAULT_HEADERS = Object.entries({ 'user-agent': USER_AGENT, accept: '*/*', 'accept-encoding': 'identity' });

/** Names and values in turn: one more object with as many members, made by spreading two, took three times as long. */
function headerList(headers: Record<string, string>): string[] {
  const named = isLowerCased(headers) ? headers : lowerCased(headers);
  const list: string[] = [];
  for (const [name, value] of DEFAULT_HEADERS) if (named[name] === undefined) list.push(name, value);
  for (const name of Object.keys(named)) list.push(name, named[name]!);
  return list;
}

function isLowerCased(headers: Record<string, string>): boolean {
  return Object.keys(headers).every((name) => name === name.toLowerCase());
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function reasonOf(error: unknown, stage: RequestStage): FailureReason {
  if (error instanceof ConnectFailure) return error.reason;
  return stage === 'body' ? 'body' : 'connection';
}

const DESCRIPTIONS: Record<FailureReason, string> = {
  timeout: 'No complete answer in time',
  connection: 'The connection failed',
  tls: 'The TLS handshake failed',
  dns: 'The host name could not be resolved',
  blocked: 'The target is no https URL of a public address, or its port is for another protocol',
  body: 'The answer broke off',
};

function describe(reason: FailureReason, error: unknown): string {
  const code = reason === 'blocked' ? undefined : codeOf(error);
  return code === undefined ? `${DESCRIPTIONS[reason]}.` : `${DESCRIPTIONS[reason]} (${code}).`;
}

/** The innermost error code: an upper-case name such as ECONNREFUSED, which says nothing about addresses. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, cause } = error as NodeJS.ErrnoException;
  return codeOf(cause) ?? (typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : undefined);
}
