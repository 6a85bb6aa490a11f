import { createHash, timingSafeEqual } from 'node:crypto';
import type { TargetAnswer, TargetClient } from './http-client.js';

/** Byte for byte what receivers compare with, the blank after the colon included. */
const CHALLENGE = '{"verification": "test"}';
const HANDSHAKE_TIMEOUT_MS = 10_000;
const ANSWER_MAX_BYTES = 4096;

/** Where a handshake failed, in the order of its steps. */
export type HandshakeStep = 'address' | 'connect' | 'tls' | 'status' | 'body' | 'token';

/** `message` is a sentence to show. It never holds anything of the answer: whoever asks need not own the target. */
export type HandshakeResult = { kind: 'proven' } | { kind: 'refused'; step: HandshakeStep; message: string };

/**
 * Proves that whoever registers a URL is known to the one who answers there: a POST of `{"verification": "test"}` must
 * be answered within 10 s with status 200 and the verification token as its text, white space around it aside.
 */
export class Handshake {
  private readonly client: Pick<TargetClient, 'post'>;
  private readonly timeoutMs: number;

  constructor({
    client,
    timeoutMs = HANDSHAKE_TIMEOUT_MS,
  }: {
    client: Pick<TargetClient, 'post'>;
    timeoutMs?: number;
  }) {
    this.client = client;
    this.timeoutMs = timeoutMs;
  }

  /** Never throws. An empty `token` is refused before anything is sent: every empty answer would match it. */
  async prove(url: string, token: string): Promise<HandshakeResult> {
    if (trimSpace(token) === '') return refused('token', 'The verification token is empty.');
    const answer = await this.client.post({
      url,
      headers: { 'content-type': 'application/json' },
      body: CHALLENGE,
      timeoutMs: this.timeoutMs,
      maxAnswerBytes: ANSWER_MAX_BYTES,
    });
    return judge(answer, token);
  }
}

function judge(answer: TargetAnswer, token: string): HandshakeResult {
  if (answer.kind === 'failed') return failure(answer);
  if (answer.statusCode !== 200) {
    return refused('status', 'The target URL must answer with status 200; redirects are not followed.');
  }
  if (answer.truncated) return refused('body', `The target URL answered more than ${ANSWER_MAX_BYTES} bytes.`);
  if (!isSame(trimSpace(answer.body.toString('utf8')), token)) {
    return refused('token', 'The target URL did not answer with the verification token.');
  }
  return { kind: 'proven' };
}

function failure(answer: Extract<TargetAnswer, { kind: 'failed' }>): HandshakeResult {
  switch (answer.reason) {
    // One message for both, so that nobody learns which internal names exist.
    case 'blocked':
    case 'dns':
      return refused(
        'address',
        'The target URL does not lead to a public address, or its port is for another protocol.',
      );
    case 'tls':
      return refused('tls', 'The target URL has no valid TLS certificate for its host.');
    case 'connection':
      return refused('connect', 'The connection to the target URL failed.');
    case 'body':
      return refused('body', 'The answer of the target URL broke off.');
    case 'timeout':
      return refused(TIMEOUT_STEP[answer.stage], 'The target URL did not answer in time.');
  }
}

/** Which step was not finished when the time was over. */
const TIMEOUT_STEP = { connect: 'connect', answer: 'status', body: 'body' } as const;

function refused(step: HandshakeStep, message: string): HandshakeResult {
  return { kind: 'refused', step, message };
}

/** Takes the same time wherever the texts differ, and whatever their lengths. */
function isSame(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(left), digest(right));
}

/** Unicode's white space at both ends; `trim` knows all of it but U+0085. */
function trimSpace(text: string): string {
  const isSpace = (index: number) => text[index] === '\u0085' || text[index]!.trim() === '';
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(start)) start++;
  while (end > start && isSpace(end - 1)) end--;
  return text.slice(start, end);
}
