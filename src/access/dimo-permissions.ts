import type { Log } from '../observability/log.js';
import { FairCalls } from './fair-calls.js';
import type { Asking } from './fair-calls.js';
import { IdentityApi } from './identity-api.js';
import { OutageBreaker } from './outage-breaker.js';
import { PermissionsUnavailable } from './permission-provider.js';
import type { CheckOptions, PermissionProvider, Verdict } from './permission-provider.js';
import { TokenExchange, verdictOf } from './token-exchange.js';
import { VerdictCache } from './verdict-cache.js';

/**
 * Calls to token-exchange that are open at once: each one reads a chain's state on the other side. 100,000 vehicles in a
 * minute, at 30 ms a call, take 50 of them.
 */
const CONCURRENT_CALLS = 64;

/** So many calls in a row that found the service out, and nobody asks it for a while. */
const OUTAGES_MAX = 5;

/** Some seconds' worth of calls: more of one license would wait longer than anybody has patience. */
const VEHICLES_OF_ONE_MAX = 5000;
const VEHICLES_MAX = 20_000;

/** Of callers who name no time of their own: lists, which go on in the background when they take long. */
const PATIENCE_MS = 60_000;

/** An outage concerns every check: one line in this time tells of all of them. */
const LOG_MS = 5000;

/** One entry is some 300 bytes: 30 MB at most. */
const CACHE_ENTRIES_MAX = 100_000;

/** A million vehicles: no license has them, so what pages on beyond is a fault. */
const PAGES_MAX = 10_000;

const TIMEOUT_MS = 5000;

export interface DimoPermissionsOptions {
  identityUrl: string;
  /** `host:port` of token-exchange's gRPC. */
  tokenExchangeAddress: string;
  /** How long a "yes" is believed; DESIGN allows a minute at most. 0 asks each time. */
  cacheSeconds: number;
  log: Log;
  /** Of one call to either service. 5 s. */
  timeoutMs?: number;
  concurrentCalls?: number;
  /** Vehicles whose DID begins otherwise are left out of `sharedVehicles`: `did:erc721:137:0x…:`. All, without it. */
  vehicleDidPrefix?: string;
  /** A clock that never steps, in ms. */
  now?: () => number;
}

/**
 * Permissions as DIMO's services tell them: which vehicles are shared from identity-api, what may be read of one from
 * token-exchange. Only a "yes" is remembered. A "no" is asked for each time: it ends subscriptions and is therefore
 * rare, and one from before a new grant must not end the subscription that followed the grant, in whichever process.
 */
export class DimoPermissions implements PermissionProvider {
  readonly grantsDecide = false;
  private readonly identity: IdentityApi;
  private readonly exchange: TokenExchange;
  private readonly cache: VerdictCache;
  private readonly calls: FairCalls;
  private readonly concurrentCalls: number;
  private readonly now: () => number;
  private loggedAtMs = -Infinity;
  private unlogged = 0;

  constructor(private readonly options: DimoPermissionsOptions) {
    const { timeoutMs = TIMEOUT_MS, now = () => performance.now() } = options;
    this.now = now;
    this.identity = new IdentityApi({ url: options.identityUrl, timeoutMs });
    this.exchange = new TokenExchange({ address: options.tokenExchangeAddress, timeoutMs });
    this.cache = new VerdictCache({
      grantedMs: options.cacheSeconds * 1000,
      deniedMs: 0,
      entriesMax: CACHE_ENTRIES_MAX,
      now: this.now,
    });
    this.concurrentCalls = options.concurrentCalls ?? CONCURRENT_CALLS;
    this.calls = new FairCalls({
      openMax: this.concurrentCalls,
      vehiclesOfOneMax: VEHICLES_OF_ONE_MAX,
      vehiclesMax: VEHICLES_MAX,
      breaker: this.newBreaker(),
    });
  }

  /** Vehicles that are being asked for at the moment, or wait for it. */
  get underWay(): number {
    return this.calls.size;
  }

  /**
   * Asks for all vehicles, several at once, in turns with other licenses. What nobody can be asked about is `unknown`
   * without a call: while the service is out, when too many wait, and when it takes too long.
   */
  async check(
    license: string,
    vehicles: readonly string[],
    permissions: readonly string[],
    options: CheckOptions = {},
  ): Promise<Verdict[]> {
    const verdicts = new Array<Verdict>(vehicles.length).fill('unknown');
    if (vehicles.length === 0) return verdicts;
    const { fresh = false, patienceMs = PATIENCE_MS } = options;
    const question: Question = {
      asking: this.calls.enter(license, { count: vehicles.length, patienceMs }),
      permissions: [...new Set(permissions)].sort(),
      fresh,
    };
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < vehicles.length) {
        const index = next++;
        verdicts[index] = await this.checkOne(question, vehicles[index]!);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.concurrentCalls, vehicles.length) }, work));
    question.asking.end();
    this.logUnknown(license, verdicts, question.reason);
    return verdicts;
  }

  async *sharedVehicles(license: string): AsyncIterable<string[]> {
    const seen = new Set<string>();
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page++) {
      const { vehicles, next } = await this.vehiclePage(license, cursor);
      const prefix = this.options.vehicleDidPrefix ?? '';
      yield vehicles.filter((vehicle) => vehicle.startsWith(prefix));
      if (next === undefined) return;
      if (seen.has(next)) throw new PermissionsUnavailable('The identity service pages in a circle');
      seen.add(next);
      cursor = next;
    }
    throw new PermissionsUnavailable(`The identity service has more than ${PAGES_MAX} pages for one license`);
  }

  /** Ends the connection; calls that are open or wait end as `unknown`. */
  close(): void {
    this.calls.turnAllAway('The program ends');
    this.exchange.close();
  }

  private checkOne(question: Question, vehicle: string): Promise<Verdict> {
    const { asking, permissions, fresh } = question;
    // No part can contain a line break, so that two questions cannot have one key.
    const key = [asking.license, vehicle, ...permissions].join('\n');
    return this.cache.get(key, fresh, async () => {
      const answer = await asking.ask(() => this.exchange.accessCheck(asking.license, vehicle, permissions));
      if (answer.kind !== 'verdict') question.reason = answer.message;
      return verdictOf(answer);
    });
  }

  private async vehiclePage(license: string, cursor: string | undefined) {
    try {
      return await this.identity.sharedVehicles(license, cursor);
    } catch (error) {
      throw new PermissionsUnavailable('The shared vehicles cannot be read from the identity service', {
        cause: error,
      });
    }
  }

  private newBreaker(): OutageBreaker {
    const { log } = this.options;
    return new OutageBreaker({
      outagesMax: Math.min(OUTAGES_MAX, this.concurrentCalls),
      now: this.now,
      onOpen: (pauseMs) => log.warn({ pauseMs }, 'The token exchange is out; it is asked again after a pause'),
      onClose: (outMs) => log.info({ outMs: Math.round(outMs) }, 'The token exchange answers again'),
    });
  }

  private logUnknown(license: string, verdicts: readonly Verdict[], reason: string | undefined): void {
    this.unlogged += verdicts.filter((verdict) => verdict === 'unknown').length;
    if (this.unlogged === 0 || this.now() - this.loggedAtMs < LOG_MS) return;
    const fields = { unknown: this.unlogged, license, vehicles: verdicts.length, reason };
    this.options.log.warn(fields, 'Permissions could not be told; they are asked for again');
    this.loggedAtMs = this.now();
    this.unlogged = 0;
  }
}

/** What one check asks of each of its vehicles. */
interface Question {
  asking: Asking;
  permissions: readonly string[];
  fresh: boolean;
  /** Why something could not be told, the last time. */
  reason?: string;
}
