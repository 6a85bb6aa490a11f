import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import type { CryptoKey, JWK, JWTHeaderParameters, JWTPayload } from 'jose';

const ALGORITHM = 'RS256';

/** An RSA key that signs tokens, with what its verifiers and its keeper need of it. */
export interface SigningKey {
  kid: string;
  sign: CryptoKey;
  /** What a key set publishes. */
  publicJwk: JWK;
  /** What reads it back, see `readSigningKey`. Secret. */
  privateJwk: JWK;
}

/** Makes a key of 2048 bits. */
export async function createSigningKey(kid: string): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return readSigningKey({ ...(await exportJWK(privateKey)), kid, use: 'sig', alg: ALGORITHM });
}

/** The key of a private JWK. Throws when it is none of RSA with a key id. */
export async function readSigningKey(privateJwk: JWK): Promise<SigningKey> {
  const { kid, kty, n, e, d } = privateJwk;
  if (kty !== 'RSA' || !kid || !n || !e || !d) throw new Error('The signing key is no private RSA key with a key id');
  const sign = (await importJWK(privateJwk, ALGORITHM)) as CryptoKey;
  return { kid, sign, privateJwk, publicJwk: { kty, n, e, kid, use: 'sig', alg: ALGORITHM } };
}

/** A signed JWT with these claims, in seconds where they are times. `header` adds to or replaces members of its header. */
export function signToken(
  key: SigningKey,
  claims: JWTPayload,
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: ALGORITHM, kid: key.kid, typ: 'JWT', ...header }).sign(key.sign);
}
