import type { AttemptVerdict } from './attempt-outcome.js';

/** Of an answer, so many headers and bytes of headers are kept, … */
const HEADERS_MAX = 50;
const HEADERS_MAX_BYTES = 8 * 1024;
/** … and so much of its body, counted in the bytes of the text that is kept. */
const BODY_MAX_BYTES = 16 * 1024;

/** One request of a delivery, as it is kept. */
export interface AttemptRecord {
  durationMs: number;
  /** An `AttemptOutcome`. */
  outcome: string;
  statusCode: number | null;
  error: string | null;
  /** JSON object; without secrets, signatures shortened. */
  requestHeaders: string | null;
  /** JSON object; null without an answer. */
  responseHeaders: string | null;
  responseBody: string | null;
  isTruncated: boolean;
}

/** What came back for a request, as far as it is kept. */
export type KeptAnswer = { durationMs: number } & (
  { kind: 'answered'; headers: Record<string, string>; body: Buffer; truncated: boolean } | { kind: 'failed' }
);

/** What is kept of one attempt, for its owner alone. */
export function attemptRecord(
  { shownHeaders }: { shownHeaders: Record<string, string> },
  answer: KeptAnswer,
  { outcome, statusCode, error }: AttemptVerdict,
): AttemptRecord {
  const body = answer.kind === 'answered' ? keptBody(answer) : undefined;
  return {
    durationMs: answer.durationMs,
    outcome,
    statusCode,
    error,
    requestHeaders: JSON.stringify(shownHeaders),
    responseHeaders: answer.kind === 'answered' ? JSON.stringify(keptHeaders(answer.headers)) : null,
    responseBody: body?.text ?? null,
    isTruncated: body?.isTruncated ?? false,
  };
}

/** In JSON no code unit takes more bytes than this, … */
const BYTES_PER_UNIT_MAX = 6;
/** … and brackets, quotes and the comma around a name and its value are so many. */
const FRAME_BYTES = 7;

function keptHeaders(headers: Record<string, string>): Record<string, string> {
  // Nearly every answer is far below the limits: then nothing is measured to the byte.
  let units = 0;
  let count = 0;
  for (const name of Object.keys(headers)) {
    units += name.length + headers[name]!.length;
    count++;
  }
  if (count <= HEADERS_MAX && units * BYTES_PER_UNIT_MAX + count * FRAME_BYTES <= HEADERS_MAX_BYTES) return headers;
  const kept: [string, string][] = [];
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    bytes += Buffer.byteLength(JSON.stringify([name, value]));
    if (kept.length === HEADERS_MAX || bytes > HEADERS_MAX_BYTES) break;
    kept.push([name, value]);
  }
  return Object.fromEntries(kept);
}

/** Bytes that are no UTF-8 become replacement characters, which are longer: so the text is measured, not the body. */
function keptBody(answer: { body: Buffer; truncated: boolean }): { text: string; isTruncated: boolean } {
  if (answer.body.length === 0) return { text: '', isTruncated: answer.truncated };
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const bytes = Buffer.from(decoder.decode(answer.body));
  if (bytes.length <= BODY_MAX_BYTES) return { text: bytes.toString(), isTruncated: answer.truncated };
  let end = BODY_MAX_BYTES;
  // Not between the bytes of one character: those after its first begin with the bits 10.
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return { text: bytes.subarray(0, end).toString(), isTruncated: true };
}
