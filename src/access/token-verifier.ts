import { errors, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import { isZeroAddress, parseAddress } from '../core/address.js';
import type { Log } from '../observability/log.js';
import { KeySet, KeysUnavailable } from './key-set.js';

/** Asymmetric ones only: with a shared-secret algorithm anyone could sign with the public key as the secret. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA'];

/** Clocks of issuer and verifier may differ by this much. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** DIMO's tokens have some 900 characters; Node takes 16 KiB of headers in all. */
const TOKEN_LENGTH_MAX = 8192;

/**
 * What a token turned out to be. `endsInMs` is how long it goes on being accepted, undefined for ever. `reason` says why
 * in words for its sender, without any of its content.
 */
export type TokenCheck =
  { kind: 'ok'; license: string; endsInMs?: number } | { kind: 'invalid'; reason: string } | { kind: 'unavailable' };

export interface TokenVerifierOptions {
  jwksUrl: string;
  /** Checked when given; DIMO's own services check neither. */
  issuer?: string;
  audience?: string;
  log: Log;
  /** Of fetching the keys. 5 s. */
  timeoutMs?: number;
  /** The time of day, ms since 1970, that tokens are judged by; keys age by a clock that never steps. */
  now?: () => number;
  keysNow?: () => number;
}

/**
 * Verifies developers' JWTs against the issuer's published keys. Nothing is fetched before the first token, so that an
 * issuer that is out neither stops a start nor anything but `verify`.
 */
export class TokenVerifier {
  private readonly keys: KeySet;
  private readonly now: () => number;

  constructor(private readonly options: TokenVerifierOptions) {
    const { jwksUrl, log, timeoutMs, now = Date.now, keysNow } = options;
    this.keys = new KeySet({
      ...{ url: jwksUrl, log },
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(keysNow !== undefined && { now: keysNow }),
    });
    this.now = now;
  }

  /**
   * The license (EIP-55) that a token speaks for. `unavailable` when the keys to tell cannot be had. Never rejects.
   * `exp` and `nbf` count where the token has them, as in DIMO's services.
   */
  async verify(token: string): Promise<TokenCheck> {
    if (token.length > TOKEN_LENGTH_MAX) return invalid(`the token is longer than ${TOKEN_LENGTH_MAX} characters`);
    try {
      const { payload } = await jwtVerify(token, this.keys.find, {
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(this.now()),
        ...(this.options.issuer !== undefined && { issuer: this.options.issuer }),
        ...(this.options.audience !== undefined && { audience: this.options.audience }),
      });
      const check = readLicenseClaim(payload);
      if (check.kind !== 'ok' || payload.exp === undefined) return check;
      return { ...check, endsInMs: (payload.exp + CLOCK_TOLERANCE_SECONDS) * 1_000 - this.now() };
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== undefined) return invalid(reason);
      if (!(error instanceof KeysUnavailable)) {
        this.options.log.warn({ err: error }, 'A token could not be verified with the keys of its issuer');
      }
      return { kind: 'unavailable' };
    }
  }
}

/** Reads the license from a verified token's claims. */
export function readLicenseClaim(payload: JWTPayload): TokenCheck {
  const claim = payload['ethereum_address'];
  if (claim === undefined) return invalid('the token has no claim ethereum_address');
  const license = typeof claim === 'string' ? parseAddress(claim) : undefined;
  if (license === undefined) return invalid("the token's ethereum_address is no address");
  if (isZeroAddress(license)) return invalid("the token's ethereum_address is the zero address");
  return { kind: 'ok', license };
}

/** Why the token is at fault; undefined when it is not, but we or the issuer are. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) return claimReason(error.claim);
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature does not match';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not accepted';
  if (error instanceof errors.JWKSNoMatchingKey) return 'it names no key of the issuer';
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'it does not say which key signed it';
  if (error instanceof errors.JOSENotSupported) return 'it asks for something that is not supported';
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return 'it is no JWT';
  return undefined;
}

function claimReason(claim: string): string {
  if (claim === 'nbf') return 'the token is not valid yet';
  if (claim === 'iss') return 'the token is from another issuer';
  if (claim === 'aud') return 'the token is for another audience';
  return `the token's claim ${claim.slice(0, 20)} is not valid`;
}

function invalid(reason: string): TokenCheck {
  return { kind: 'invalid', reason };
}
