import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { JwksServer } from './jwks-server.js';
import { createSigningKey, readSigningKey, signToken } from './signing-key.js';
import type { SigningKey } from './signing-key.js';

const KEY_FILE = 'token-issuer-key.json';

/** What stands in the `iss` claim of every token of a development start. */
export const DEVELOPMENT_ISSUER = 'tripline-development';

/**
 * Issues developer tokens where there is no real issuer: for `npm start` on one machine. Its key is kept in the data
 * directory, readable by its owner alone, so that tokens outlive a restart.
 */
export class TokenIssuer {
  private constructor(
    private readonly key: SigningKey,
    private readonly server: JwksServer,
  ) {}

  /** Makes the key on first use and serves its public part on a loopback port. Throws when the key file cannot be used. */
  static async start(options: { dataDir: string; port?: number }): Promise<TokenIssuer> {
    const key = await openKey(options.dataDir);
    const server = await JwksServer.start({ port: options.port ?? 0 });
    server.keys = [key.publicJwk];
    return new TokenIssuer(key, server);
  }

  get jwksUrl(): string {
    return this.server.url;
  }

  /** A token that speaks for the license for `lifetimeSeconds` from now. */
  issue(license: string, lifetimeSeconds: number): Promise<string> {
    const nowSeconds = Math.floor(Date.now() / 1000);
    return signToken(this.key, {
      iss: DEVELOPMENT_ISSUER,
      sub: license,
      ethereum_address: license,
      iat: nowSeconds,
      exp: nowSeconds + lifetimeSeconds,
    });
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}

async function openKey(dataDir: string): Promise<SigningKey> {
  const path = join(dataDir, KEY_FILE);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return makeKey(dataDir, path);
  try {
    return await readSigningKey(JSON.parse(text) as JWK);
  } catch (error) {
    throw new Error(`${path} holds no signing key: delete it and tokens issued so far become invalid`, {
      cause: error,
    });
  }
}

async function makeKey(dataDir: string, path: string): Promise<SigningKey> {
  const key = await createSigningKey(randomUUID());
  await mkdir(dataDir, { recursive: true });
  // Written aside first: a process that dies here leaves no half a key.
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, JSON.stringify(key.privateJwk), { mode: 0o600 });
  await rename(unfinished, path);
  return key;
}
