import { createHmac } from 'node:crypto';
import { signAsymmetric } from './asymmetric.js';

/** Visible ASCII without the full stop. */
const SIGNABLE_ID = /^[!-\-/-~]+$/;

/** What is signed, and when. `body` must be the very bytes that are sent. */
export interface SignedMessage {
  id: string;
  /** Unix seconds of this attempt. */
  timestampSeconds: number;
  body: string | Buffer;
}

/**
 * The three headers of Standard Webhooks 1.0.0 over `id.timestamp.body`: HMAC-SHA256 (`v1`) with each of `secrets`, then
 * ed25519 (`v1a`) with each of `asymmetricKeys` (`whsk_…`), so that receivers with the old or the new one accept it while
 * a rotation lasts. Throws without a secret, and on an id with a full stop or white space, which would let content pass
 * for another id's, or with anything that no header can carry as it is.
 */
export function signStandard(
  message: SignedMessage & { secrets: readonly Buffer[]; asymmetricKeys?: readonly string[] },
): Record<string, string> {
  const { id, body, secrets, asymmetricKeys = [] } = message;
  if (!SIGNABLE_ID.test(id)) throw new Error(`"${id}" cannot be signed: an id is visible ASCII without full stops`);
  if (secrets.length === 0) throw new Error(`"${id}" cannot be signed without a secret`);
  const timestamp = Math.floor(message.timestampSeconds).toString();
  const head = `${id}.${timestamp}.`;
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', secret).update(head).update(body).digest('base64')}`,
  );
  for (const key of asymmetricKeys) {
    signatures.push(signAsymmetric(Buffer.concat([Buffer.from(head), Buffer.from(body)]), key));
  }
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
