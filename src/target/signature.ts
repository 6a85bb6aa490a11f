import { createHmac } from 'node:crypto';

/**
 * The three headers of Standard Webhooks 1.0.0 (symmetric, `v1`): HMAC-SHA256 over `id.timestamp.body`, one signature
 * for each of `secrets`, so that receivers with the old or the new secret accept it while a rotation lasts.
 * `body` must be the very bytes that are sent. Throws without a secret, and on an id with a full stop or white space,
 * which would let content pass for another id's.
 */
export function signStandard(message: {
  id: string;
  timestampSeconds: number;
  body: string | Buffer;
  secrets: readonly Buffer[];
}): Record<string, string> {
  const { id, body, secrets } = message;
  if (!/^[^.\s]+$/.test(id)) throw new Error(`"${id}" cannot be signed: an id has neither full stops nor white space`);
  if (secrets.length === 0) throw new Error(`"${id}" cannot be signed without a secret`);
  const timestamp = Math.floor(message.timestampSeconds).toString();
  const signatures = secrets.map((secret) => {
    const hmac = createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body);
    return `v1,${hmac.digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
