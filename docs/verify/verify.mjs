// Is this request from Tripline? Standard Webhooks 1.0.0 with node:crypto alone.
import { createHmac, createPublicKey, timingSafeEqual, verify as verifySignature } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const TOLERANCE_SECONDS = 300;

/**
 * True when one of the signatures is right for one of the keys, and the request is at most five minutes old.
 * keys: your secrets (whsec_… or your own text) and public keys (whpk_…); headers: with names in lower case, as Node
 * gives them; body: the bytes as they came, never parsed and written again.
 */
export function verify(keys, headers, body, nowSeconds = Date.now() / 1000) {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signatures = headers['webhook-signature'];
  if (!id || !signatures || !/^\d{1,12}$/.test(timestamp ?? '')) return false;
  if (Math.abs(nowSeconds - Number(timestamp)) > TOLERANCE_SECONDS) return false;

  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body)]);
  for (const entry of signatures.split(' ')) {
    const [version, text] = entry.split(',');
    const signature = Buffer.from(text ?? '', 'base64');
    for (const key of keys) {
      const isPublic = key.startsWith('whpk_');
      if (version === 'v1' && !isPublic && isRightSecret(key, signed, signature)) return true;
      if (version === 'v1a' && isPublic && isRightKeyPair(key, signed, signature)) return true;
    }
  }
  return false;
}

function isRightSecret(secret, signed, signature) {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  const expected = createHmac('sha256', key).update(signed).digest();
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

function isRightKeyPair(publicKey, signed, signature) {
  const x = Buffer.from(publicKey.slice(5), 'base64').toString('base64url');
  const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
  return verifySignature(null, signed, key, signature);
}

// node verify.mjs FILE: judges each request of a JSON file [{name, keys, headers, body, now}].
if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const { name, keys, headers, body, now } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
    console.log(`${name}: ${verify(keys, headers, body, now) ? 'accepted' : 'refused'}`);
  }
}
