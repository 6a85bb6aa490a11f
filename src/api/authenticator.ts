import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { hashApiKey, isApiKey } from '../access/api-key.js';
import { ALL_SCOPES } from '../core/scopes.js';
import type { ApiKeyStatus } from '../store/api-keys.js';
import type { ApiParts } from './api-parts.js';
import type { KnownCaller } from './caller.js';
import { Problem, unavailable } from './problem.js';

type Parts = Pick<ApiParts, 'tokens' | 'apiKeys' | 'licenses' | 'adminToken'>;

/** Says who is calling, by the `Authorization` header. Every refusal is thrown as the problem to answer. */
export class Authenticator {
  constructor(private readonly parts: Parts) {}

  /**
   * The developer who calls, by an API key or a JWT, which may do everything. Throws 401 when it is missing or bad, 403
   * when it is not a developer license's, 503 when nobody can tell just now.
   */
  async developer(authorization: string | undefined, requestId: string): Promise<KnownCaller> {
    const token = bearerToken(authorization);
    return isApiKey(token) ? this.byKey(token, requestId) : this.byJwt(token, requestId);
  }

  /** The operator: throws 401 unless the header has the admin token. Takes equally long for any wrong one. */
  admin(authorization: string | undefined, requestId: string): KnownCaller {
    const { adminToken } = this.parts;
    if (!adminToken) throw new Error('there are no admin routes without an admin token');
    if (!timingSafeEqual(sha256(bearerToken(authorization)), sha256(adminToken))) {
      const detail = 'Send the admin token that this installation was started with.';
      throw unauthorized('Invalid admin token', detail, 'invalid_token');
    }
    return { license: '', keyId: 'admin', scopes: [], requestId };
  }

  private async byJwt(token: string, requestId: string): Promise<KnownCaller> {
    const check = await this.parts.tokens.verify(token);
    if (check.kind === 'unavailable') {
      throw unavailable('Failed to verify JWT', 'The keys to verify tokens with cannot be had at the moment.');
    }
    if (check.kind === 'invalid') {
      throw unauthorized('Invalid or expired JWT', `The token is not accepted: ${check.reason}.`, 'invalid_token');
    }
    const ending = endIn(check.endsInMs);
    await this.requireLicense(check.license, 'JWT');
    return { license: check.license, scopes: ALL_SCOPES, requestId, ...ending };
  }

  /** Nothing of a key is remembered from one request to the next: whoever revokes one means now. */
  private async byKey(token: string, requestId: string): Promise<KnownCaller> {
    const hash = hashApiKey(token);
    const key = hash && (await this.parts.apiKeys.use(hash));
    if (key?.status !== 'active') throw keyRefused(key?.status ?? 'unknown');
    const ending = endIn(key.endsInMs ?? undefined);
    await this.requireLicense(key.license, 'API key');
    return { license: key.license, keyId: key.id, scopes: key.scopes, requestId, ...ending };
  }

  private async requireLicense(license: string, by: 'JWT' | 'API key'): Promise<void> {
    const verdict = await this.parts.licenses.isDeveloperLicense(license);
    switch (verdict) {
      case 'granted':
        return;
      case 'denied':
        throw new Problem(403, {
          kind: 'permission-denied',
          message: `${by} is not from a developer license`,
          detail: `${license} is no developer license. ${by === 'JWT' ? 'Sign in with the client id of one.' : 'It was one when the key was made.'}`,
        });
      case 'unknown': {
        const detail = 'The register of licenses does not answer at the moment.';
        throw unavailable('Failed to verify developer license', detail);
      }
    }
  }
}

/** Of a clock that never steps, and before anything else is waited for. */
function endIn(endsInMs: number | undefined): Pick<KnownCaller, 'endsAtMs'> {
  return endsInMs === undefined ? {} : { endsAtMs: performance.now() + endsInMs };
}

function bearerToken(authorization: string | undefined): string {
  const token = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  if (token !== undefined) return token;
  throw unauthorized('missing or malformed JWT', 'Send the header Authorization: Bearer <token>.');
}

/** The header that says who is calling. Throws a 401 for several: Node would take the first, a proxy before us another. */
export function authorizationOf({ headersDistinct }: IncomingMessage): string | undefined {
  const [header, ...others] = headersDistinct['authorization'] ?? [];
  if (others.length === 0) return header;
  throw unauthorized('missing or malformed JWT', 'Send the header Authorization once.');
}

/** Only who has the whole key hears that it was one. */
const KEY_REFUSALS: Readonly<Record<Exclude<ApiKeyStatus, 'active'> | 'unknown', string>> = {
  unknown: 'There is no such API key.',
  expired: 'The API key has expired. Make another one.',
  revoked: 'The API key was revoked.',
};

/** A key that is none, or no longer (401). */
export function keyRefused(standing: keyof typeof KEY_REFUSALS): Problem {
  return unauthorized('Invalid API key', KEY_REFUSALS[standing], 'invalid_token');
}

/** RFC 6750 §3: a request without credentials gets the bare challenge, a refused token also the reason's code. */
function unauthorized(message: string, detail: string, error?: 'invalid_token'): Problem {
  const challenge = 'Bearer realm="tripline"' + (error === undefined ? '' : `, error="${error}"`);
  return new Problem(401, { message, detail, headers: { 'WWW-Authenticate': challenge } });
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
