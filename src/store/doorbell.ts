import type pg from 'pg';
import type { Database, StoreLog } from './database.js';
import { inParts } from './pages.js';

export interface DoorbellOptions {
  database: Database;
  log: StoreLog;
  /** Whether to ring for senders in other processes too; false unless given. */
  announce?: boolean;
}

const CHANNEL = 'tripline_doorbell';
/**
 * Bells of this long after an announcement go out together: a commit of its own for each costs as much as what it
 * announces. One that comes later goes at once.
 */
const COALESCE_MS = 5;
/** 37 bytes an id; PostgreSQL refuses notifications of 8,000 bytes and more. */
const IDS_PER_NOTIFICATION = 200;
const RECONNECT_MS = 1_000;

type Listener = (endpointIds: string[]) => void;
type Serves = (endpointId: string) => boolean;

/**
 * Tells senders that endpoints have new deliveries. A hint that may be lost or doubled: senders look for themselves
 * once a second. Listeners in this process are called at once, others through NOTIFY, on a connection of the bell's
 * own, since a notification in a transaction takes a lock of the whole database when it commits.
 */
export class Doorbell {
  private readonly listeners = new Map<Listener, Serves>();
  private readonly unannounced = new Set<string>();
  private client: pg.Client | undefined;
  private connecting: Promise<void> | undefined;
  private announcing: NodeJS.Timeout | undefined;
  private isAnnouncing = false;
  private announcedAtMs = -Infinity;
  private reconnecting: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly options: DoorbellOptions) {}

  /** After the commit that queued the deliveries. Never waits and never throws. */
  ring(endpointIds: readonly string[]): void {
    if (endpointIds.length === 0 || this.isClosed) return;
    this.wake([...new Set(endpointIds)]);
    if (!this.options.announce) return;
    for (const id of endpointIds) if (!this.isServed(id)) this.unannounced.add(id);
    this.announceSoon();
  }

  /**
   * Calls `onRing` with the endpoints of each bell, from here and elsewhere, until the function that this resolves to
   * is called. Without a database now, bells from elsewhere come once there is one. What the listener `serves` alone
   * is not announced: a commit beside the one that fetches what the bell told of delays it.
   */
  async listen(onRing: Listener, serves: Serves = () => false): Promise<() => Promise<void>> {
    this.listeners.set(onRing, serves);
    await this.connect();
    return () => {
      this.listeners.delete(onRing);
      return Promise.resolve();
    };
  }

  /** Nothing rings any more; what was not announced is left to the senders' own look. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.listeners.clear();
    clearTimeout(this.announcing);
    clearTimeout(this.reconnecting);
    await this.connecting;
    await this.client?.end();
    this.client = undefined;
  }

  private wake(endpointIds: string[]): void {
    for (const listener of this.listeners.keys()) {
      try {
        listener(endpointIds);
      } catch (error) {
        // Whoever rings has committed its work and cannot do anything about it.
        this.options.log.warn({ error: String(error) }, 'a listener of the doorbell failed');
      }
    }
  }

  private isServed(endpointId: string): boolean {
    for (const serves of this.listeners.values()) if (serves(endpointId)) return true;
    return false;
  }

  /** One announcement at a time: a connection runs one statement, and what rings meanwhile goes with the next. */
  private announceSoon(): void {
    if (this.isAnnouncing || this.isClosed || this.unannounced.size === 0) return;
    const waitMs = Math.max(0, this.announcedAtMs + COALESCE_MS - performance.now());
    this.announcing ??= setTimeout(() => {
      this.announcing = undefined;
      this.isAnnouncing = true;
      this.announcedAtMs = performance.now();
      void this.announce().finally(() => {
        this.isAnnouncing = false;
        this.announceSoon();
      });
    }, waitMs);
  }

  private async announce(): Promise<void> {
    const ids = [...this.unannounced];
    this.unannounced.clear();
    const payloads = [...inParts(ids, IDS_PER_NOTIFICATION)].map((part) => part.join(','));
    await this.connect();
    try {
      await this.client?.query('select pg_notify($1, payload) from unnest($2::text[]) payload', [CHANNEL, payloads]);
    } catch (error) {
      this.options.log.warn(
        { error: String(error) },
        'a doorbell was not announced; senders will find out by themselves',
      );
    }
  }

  /** Resolves when there is a connection that listens, or when there is none for now: the next try has its time. */
  private connect(): Promise<void> {
    if (this.client !== undefined || this.reconnecting !== undefined || this.isClosed) return Promise.resolve();
    this.connecting ??= this.openConnection().finally(() => (this.connecting = undefined));
    return this.connecting;
  }

  private async openConnection(): Promise<void> {
    const client = this.newClient();
    if (client === undefined) return;
    client.on('error', (error) => this.onBroken(client, error));
    client.on('end', () => this.onBroken(client));
    try {
      await client.connect();
      const { rows } = await client.query<{ own: number }>('select pg_backend_pid() as own');
      client.on('notification', ({ processId, payload }) => {
        // Our own listeners were called already.
        if (processId !== rows[0]!.own) this.wake((payload ?? '').split(','));
      });
      await client.query(`listen ${CHANNEL}`);
      this.client = client;
    } catch (error) {
      this.onBroken(client, error instanceof Error ? error : new Error(String(error)));
      await client.end().catch(() => undefined);
    }
  }

  /** None when its settings cannot be read, as the file of certificates that they name. */
  private newClient(): pg.Client | undefined {
    try {
      return this.options.database.ownClient('doorbell');
    } catch (error) {
      this.onBroken(undefined, error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }

  private onBroken(client: pg.Client | undefined, error?: Error): void {
    if (this.isClosed || (this.client !== undefined && this.client !== client)) return;
    if (error !== undefined)
      this.options.log.warn({ error: error.message }, 'the doorbell has no connection; trying again');
    this.client = undefined;
    this.reconnecting ??= setTimeout(() => {
      this.reconnecting = undefined;
      void this.connect();
    }, RECONNECT_MS).unref();
  }
}
