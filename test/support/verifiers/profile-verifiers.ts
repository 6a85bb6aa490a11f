import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Profile } from '../../../src/core/endpoint.js';

/** A request as Node's HTTP server gives it: header names in lower case. */
export interface Received {
  headers: Record<string, string>;
  body: Buffer;
}

type Verifier = (request: Received, secret: string) => boolean;

const hexHmac = (secret: string, content: string | Buffer) =>
  createHmac('sha256', secret).update(content).digest('hex');

/** What a receiver in Node does to verify each profile, after the steps of that receiver's own instructions. */
export const PROFILE_VERIFIERS: Record<Exclude<Profile, 'standard'>, Verifier> = {
  // Text of the raw body; throws where the lengths differ.
  desmo({ headers, body }, secret) {
    const expected = `sha256=${hexHmac(secret, body.toString())}`;
    return timingSafeEqual(Buffer.from(headers['x-desmo-signature']!), Buffer.from(expected));
  },

  dembrane({ headers, body }, secret) {
    return timingSafeEqual(Buffer.from(headers['x-dembrane-signature']!), Buffer.from(hexHmac(secret, body)));
  },

  // The header's own timestamp goes into what is signed; everything behind "v1=" is the signature.
  dodev({ headers, body }, secret) {
    const timestamp = headers['x-dodevwebhook-timestamp'];
    const expected = hexHmac(secret, `${timestamp}.${body.toString()}`);
    return headers['x-dodevwebhook-signature']?.split('v1=')[1] === expected;
  },

  dimo({ headers, body }, secret) {
    if (headers['x-dimo-signature-version'] !== 'v1') return false;
    const expected = hexHmac(secret, `${headers['x-dimo-timestamp']}.${body.toString()}`);
    return timingSafeEqual(Buffer.from(headers['x-dimo-signature']!), Buffer.from(expected));
  },
};
