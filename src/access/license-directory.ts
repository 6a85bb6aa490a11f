import type { Log } from '../observability/log.js';
import { IdentityApi } from './identity-api.js';
import type { Verdict } from './permission-provider.js';
import { VerdictCache } from './verdict-cache.js';

/** Licenses are hardly ever given back. */
const GRANTED_MS = 5 * 60_000;

/** Somebody may have just bought one. */
const DENIED_MS = 30_000;

/** While the identity service is out, who was known is let in for this long. */
const GRACE_MS = 60 * 60_000;

const CACHE_ENTRIES_MAX = 10_000;
const TIMEOUT_MS = 5000;

/** Says who is a developer. */
export interface LicenseDirectory {
  /** Whether the EIP-55 address is a developer license's. Never rejects. */
  isDeveloperLicense(address: string): Promise<Verdict>;
}

/** Takes every address that a valid token names: for installations without DIMO's services, where the issuer decides. */
export class AnyLicense implements LicenseDirectory {
  isDeveloperLicense(_address: string): Promise<Verdict> {
    return Promise.resolve('granted');
  }
}

export interface IdentityLicensesOptions {
  identityUrl: string;
  log: Log;
  /** Of one question. 5 s. */
  timeoutMs?: number;
  /** A clock that never steps, in ms. */
  now?: () => number;
}

/**
 * Asks DIMO's identity-api, and remembers: "yes" for five minutes, or an hour when the service is out, "no" for half a
 * minute. An error or an outage is `unknown`, never "no".
 */
export class IdentityLicenses implements LicenseDirectory {
  private readonly identity: IdentityApi;
  private readonly cache: VerdictCache;

  constructor(private readonly options: IdentityLicensesOptions) {
    this.identity = new IdentityApi({ url: options.identityUrl, timeoutMs: options.timeoutMs ?? TIMEOUT_MS });
    this.cache = new VerdictCache({
      grantedMs: GRANTED_MS,
      deniedMs: DENIED_MS,
      graceMs: GRACE_MS,
      entriesMax: CACHE_ENTRIES_MAX,
      now: options.now ?? (() => performance.now()),
    });
  }

  isDeveloperLicense(address: string): Promise<Verdict> {
    return this.cache.get(address, false, () => this.ask(address));
  }

  private async ask(address: string): Promise<Verdict> {
    try {
      return await this.identity.developerLicense(address);
    } catch (error) {
      this.options.log.warn({ license: address, err: error }, 'The identity service could not tell about a license');
      return 'unknown';
    }
  }
}
