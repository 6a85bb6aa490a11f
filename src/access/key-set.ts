import { createLocalJWKSet, errors } from 'jose';
import type { CryptoKey, FlattenedJWSInput, JSONWebKeySet, JWSHeaderParameters } from 'jose';
import type { Log } from '../observability/log.js';
import { requestJson } from './json-request.js';

/** After this time keys that the issuer took back are forgotten. */
const MAX_AGE_MS = 10 * 60_000;

/** Tokens with invented key ids cause no more than one request in this time. */
const UNKNOWN_KEY_COOLDOWN_MS = 10_000;

/** An issuer that was out is asked again after this time; callers in between get their answer at once. */
const RETRY_MS = 10_000;

/** The same while there are no keys at all, and so nobody gets in. */
const FIRST_RETRY_MS = 1000;

const TIMEOUT_MS = 5000;
const ANSWER_BYTES_MAX = 256 * 1024;

export interface KeySetOptions {
  url: string;
  log: Log;
  timeoutMs?: number;
  /** A clock that never steps, in ms. */
  now?: () => number;
}

/** There are no keys to verify with: they could never be fetched, or not since a key appeared that we do not know. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

type FindKey = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

/**
 * The token issuer's public keys, fetched when they are first needed and again when they are old or a token names one
 * that is not among them. When the issuer is out, the keys that were fetched last stay in use for as long as it takes.
 */
export class KeySet {
  private readonly now: () => number;
  private keys: FindKey | undefined;
  private fetchedAtMs = -Infinity;
  private failedAtMs = -Infinity;
  private pending: Promise<void> | undefined;

  constructor(private readonly options: KeySetOptions) {
    this.now = options.now ?? (() => performance.now());
  }

  /** The key for a token's header; what jose calls to verify. Throws `KeysUnavailable`, or jose's errors when there is no such key. */
  readonly find = async (header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> => {
    if (this.now() - this.fetchedAtMs >= MAX_AGE_MS) await this.refreshOld();
    if (!this.keys) throw new KeysUnavailable('The keys of the token issuer could not be fetched');
    try {
      return await this.keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (this.now() - this.fetchedAtMs >= UNKNOWN_KEY_COOLDOWN_MS) await this.refresh();
      if (this.failedAtMs > this.fetchedAtMs) {
        throw new KeysUnavailable('The token names a new key, and keys cannot be fetched', { cause: error });
      }
      return this.keys(header, token);
    }
  };

  /** Nobody waits again for an issuer that was out the last time, as long as there are keys. */
  private async refreshOld(): Promise<void> {
    const wasOut = this.failedAtMs > this.fetchedAtMs;
    const refreshed = this.refresh();
    if (!this.keys || !wasOut) await refreshed;
  }

  /** Fetches the keys, once for all who wait. Never rejects: without success the old keys stay. */
  private async refresh(): Promise<void> {
    const retryMs = this.keys ? RETRY_MS : FIRST_RETRY_MS;
    if (!this.pending && this.now() - this.failedAtMs < retryMs) return;
    this.pending ??= this.fetch().finally(() => {
      this.pending = undefined;
    });
    await this.pending;
  }

  private async fetch(): Promise<void> {
    const { url, log, timeoutMs = TIMEOUT_MS } = this.options;
    try {
      const answer = await requestJson({ url, timeoutMs, maxAnswerBytes: ANSWER_BYTES_MAX });
      const keys = createLocalJWKSet(answer as JSONWebKeySet);
      if (keys.jwks().keys.length === 0) throw new Error('The key set is empty');
      this.keys = keys;
      this.fetchedAtMs = this.now();
      this.failedAtMs = -Infinity;
    } catch (error) {
      this.failedAtMs = this.now();
      const fields = { url, hasKeys: this.keys !== undefined, err: error };
      log.warn(fields, 'The keys of the token issuer could not be fetched; the ones fetched before stay in use');
    }
  }
}
