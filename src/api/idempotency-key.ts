import type { IncomingMessage } from 'node:http';
import { Problem } from './problem.js';

export const IDEMPOTENCY_KEY_HEADER = 'Idempotency-Key';

const KEY_LENGTH_MAX = 255;

/**
 * The key by which a request may be repeated, undefined without one. Takes the structured field of
 * draft-ietf-httpapi-idempotency-key-header, a text in quotes, and the bare text that most clients send; both spellings
 * are the same key. Throws a 400 for anything but 1 to 255 printable ASCII characters, and for more than one header.
 */
export function idempotencyKeyOf(request: IncomingMessage): string | undefined {
  const given = request.headersDistinct[IDEMPOTENCY_KEY_HEADER.toLowerCase()];
  if (given === undefined) return undefined;
  const key = given.length === 1 ? unquoted(given[0]!) : undefined;
  if (key !== undefined && key.length <= KEY_LENGTH_MAX && /^[\x20-\x7e]+$/.test(key)) return key;
  throw new Problem(400, {
    kind: 'invalid-request',
    message: `Invalid ${IDEMPOTENCY_KEY_HEADER}`,
    detail: `${IDEMPOTENCY_KEY_HEADER} must be 1 to ${KEY_LENGTH_MAX} printable characters, a UUID for one, and be sent once.`,
  });
}

/** RFC 9651, section 3.3.3; undefined for a text that begins with a quote and is no such string. */
function unquoted(text: string): string | undefined {
  if (!text.startsWith('"')) return text;
  if (!/^"(?:[^"\\]|\\["\\])*"$/.test(text)) return undefined;
  return text.slice(1, -1).replace(/\\(.)/g, '$1');
}
