import { createHash, timingSafeEqual } from 'node:crypto';
import type { Actor } from '../store/actor.js';
import type { ApiParts } from './api-parts.js';
import { Problem, unavailable } from './problem.js';

type Parts = Pick<ApiParts, 'tokens' | 'licenses' | 'adminToken'>;

/** Says who is calling, by the `Authorization` header. Every refusal is thrown as the problem to answer. */
export class Authenticator {
  constructor(private readonly parts: Parts) {}

  /**
   * The developer who calls: today by a JWT. Throws 401 when the token is missing or bad, 403 when it is not a developer
   * license's, 503 when nobody can tell just now.
   */
  async developer(authorization: string | undefined, requestId: string): Promise<Actor> {
    const check = await this.parts.tokens.verify(bearerToken(authorization));
    if (check.kind === 'unavailable') {
      throw unavailable('Failed to verify JWT', 'The keys to verify tokens with cannot be had at the moment.');
    }
    if (check.kind === 'invalid') {
      throw unauthorized('Invalid or expired JWT', `The token is not accepted: ${check.reason}.`, 'invalid_token');
    }
    await this.requireLicense(check.license);
    return { license: check.license, requestId };
  }

  /** The operator: throws 401 unless the header has the admin token. Takes equally long for any wrong one. */
  admin(authorization: string | undefined, requestId: string): Actor {
    const { adminToken } = this.parts;
    if (!adminToken) throw new Error('there are no admin routes without an admin token');
    if (!timingSafeEqual(sha256(bearerToken(authorization)), sha256(adminToken))) {
      const detail = 'Send the admin token that this installation was started with.';
      throw unauthorized('Invalid admin token', detail, 'invalid_token');
    }
    return { license: '', keyId: 'admin', requestId };
  }

  private async requireLicense(license: string): Promise<void> {
    const verdict = await this.parts.licenses.isDeveloperLicense(license);
    switch (verdict) {
      case 'granted':
        return;
      case 'denied':
        throw new Problem(403, {
          kind: 'permission-denied',
          message: 'JWT is not from a developer license',
          detail: `${license} is no developer license. Sign in with the client id of one.`,
        });
      case 'unknown': {
        const detail = 'The register of licenses does not answer at the moment.';
        throw unavailable('Failed to verify developer license', detail);
      }
    }
  }
}

function bearerToken(authorization: string | undefined): string {
  const token = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  if (token !== undefined) return token;
  throw unauthorized('missing or malformed JWT', 'Send the header Authorization: Bearer <token>.');
}

/** RFC 6750 §3: a request without credentials gets the bare challenge, a refused token also the reason's code. */
function unauthorized(message: string, detail: string, error?: 'invalid_token'): Problem {
  const challenge = 'Bearer realm="tripline"' + (error === undefined ? '' : `, error="${error}"`);
  return new Problem(401, { message, detail, headers: { 'WWW-Authenticate': challenge } });
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
