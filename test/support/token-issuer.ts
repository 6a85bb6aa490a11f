import type { ServerResponse } from 'node:http';
import type { JWTHeaderParameters, JWTPayload } from 'jose';
import { JwksServer } from '../../dev/jwks-server.js';
import { createSigningKey, signToken } from '../../dev/signing-key.js';
import type { SigningKey } from '../../dev/signing-key.js';

export interface TokenRequest {
  license?: string;
  /** Seconds from now, negative for the past; 3600 by default, `null` for a token without an end. */
  expiresIn?: number | null;
  /** Added to, or with `undefined` taken from, the claims. */
  claims?: JWTPayload;
  header?: Partial<JWTHeaderParameters>;
  /** Signed with this one instead of the issuer's current key. */
  key?: SigningKey;
}

/** How the issuer's key set is served: as it is, not at all, or as something that is none. */
export type IssuerState = 'up' | 'down' | 'hanging' | { status: number; body: string };

/** Making a key takes a while: all issuers of one spec file begin with the same one. */
let firstKey: Promise<SigningKey> | undefined;

/** A token issuer with a key set over HTTP on loopback. Its tokens are real ones; only its owner is invented. */
export class TokenIssuer {
  state: IssuerState = 'up';
  /** How often the key set was asked for. */
  requests = 0;
  key!: SigningKey;
  private server!: JwksServer;
  private made = 1;

  static async start(): Promise<TokenIssuer> {
    const issuer = new TokenIssuer();
    issuer.server = await JwksServer.start({ intercept: (response) => issuer.intercept(response) });
    issuer.key = await (firstKey ??= createSigningKey('key-1'));
    issuer.server.keys = [issuer.key.publicJwk];
    return issuer;
  }

  get jwksUrl(): string {
    return this.server.url;
  }

  /** Signs with a new key from now on and publishes it; the one before is published no longer, unless it is kept. */
  async rotate(options: { keepOld?: boolean } = {}): Promise<void> {
    this.key = await createSigningKey(`key-${++this.made}`);
    this.server.keys = [...(options.keepOld ? this.server.keys : []), this.key.publicJwk];
  }

  issue(request: TokenRequest): Promise<string> {
    const { license, expiresIn = 3600, claims = {}, header, key = this.key } = request;
    const nowSeconds = Math.floor(Date.now() / 1000);
    const payload = {
      iat: nowSeconds,
      ...(expiresIn !== null && { exp: nowSeconds + expiresIn }),
      ...(license !== undefined && { ethereum_address: license }),
      ...claims,
    };
    return signToken(key, payload, header);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  private intercept(response: ServerResponse): boolean {
    this.requests += 1;
    if (this.state === 'up') return false;
    if (this.state === 'down') response.destroy();
    else if (this.state !== 'hanging') {
      response.writeHead(this.state.status, { 'content-type': 'application/json' }).end(this.state.body);
    }
    return true;
  }
}
