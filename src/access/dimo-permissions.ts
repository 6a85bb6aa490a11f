import type { Log } from '../observability/log.js';
import { IdentityApi } from './identity-api.js';
import { PermissionsUnavailable } from './permission-provider.js';
import type { CheckOptions, PermissionProvider, Verdict } from './permission-provider.js';
import { Slots } from './slots.js';
import { TokenExchange, verdictOf } from './token-exchange.js';
import type { AccessAnswer } from './token-exchange.js';
import { VerdictCache } from './verdict-cache.js';

/** Calls to token-exchange that this process has open at once: each one reads a chain's state on the other side. */
const CONCURRENT_CALLS = 32;

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
  private readonly identity: IdentityApi;
  private readonly exchange: TokenExchange;
  private readonly cache: VerdictCache;
  private readonly slots: Slots;
  private readonly concurrentCalls: number;

  constructor(private readonly options: DimoPermissionsOptions) {
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.identity = new IdentityApi({ url: options.identityUrl, timeoutMs });
    this.exchange = new TokenExchange({ address: options.tokenExchangeAddress, timeoutMs });
    this.cache = new VerdictCache({
      grantedMs: options.cacheSeconds * 1000,
      deniedMs: 0,
      entriesMax: CACHE_ENTRIES_MAX,
      now: options.now ?? (() => performance.now()),
    });
    this.concurrentCalls = options.concurrentCalls ?? CONCURRENT_CALLS;
    this.slots = new Slots(this.concurrentCalls);
  }

  /**
   * Asks for all vehicles, several at once. When as many calls in a row as may be open at once found the service out,
   * the rest is `unknown` without asking, so that a long list ends soon in an outage.
   */
  async check(
    license: string,
    vehicles: readonly string[],
    permissions: readonly string[],
    options: CheckOptions = {},
  ): Promise<Verdict[]> {
    const verdicts = new Array<Verdict>(vehicles.length).fill('unknown');
    const sorted = [...new Set(permissions)].sort();
    const outage = { inARow: 0, lastMessage: '' };
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < vehicles.length && outage.inARow < this.concurrentCalls) {
        const index = next++;
        verdicts[index] = await this.checkOne(license, vehicles[index]!, sorted, options.fresh === true, outage);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.concurrentCalls, vehicles.length) }, work));
    this.logUnknown(license, verdicts, outage.lastMessage);
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

  /** Ends the connection; calls that are open end as `unknown`. */
  close(): void {
    this.exchange.close();
  }

  private checkOne(
    license: string,
    vehicle: string,
    permissions: readonly string[],
    fresh: boolean,
    outage: { inARow: number; lastMessage: string },
  ): Promise<Verdict> {
    // No part can contain a line break, so that two questions cannot have one key.
    const key = [license, vehicle, ...permissions].join('\n');
    return this.cache.get(key, fresh, async () => {
      const answer = await this.slots.run(() => this.exchange.accessCheck(license, vehicle, permissions));
      noteOutage(outage, answer);
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

  private logUnknown(license: string, verdicts: readonly Verdict[], lastMessage: string): void {
    const unknown = verdicts.filter((verdict) => verdict === 'unknown').length;
    if (unknown === 0) return;
    const fields = { license, vehicles: verdicts.length, unknown, reason: lastMessage };
    this.options.log.warn(fields, 'Permissions could not be told; they are asked for again');
  }
}

function noteOutage(outage: { inARow: number; lastMessage: string }, answer: AccessAnswer): void {
  outage.inARow = answer.kind === 'outage' ? outage.inARow + 1 : 0;
  if (answer.kind !== 'verdict') outage.lastMessage = answer.message;
}
