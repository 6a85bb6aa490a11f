import type { Log } from '../observability/log.js';
import type { IdempotencyClaim, IdempotencyStore, RepeatableRequest } from '../store/idempotency.js';
import { SecretKeyUnknown, SecretUnreadable } from '../target/secret-box.js';
import type { SecretBox } from '../target/secret-box.js';
import { Problem, RETRY_AFTER_SECONDS } from './problem.js';
import type { ProblemOptions } from './problem.js';

/** An answer as a route gave it. */
export type Answer =
  | { kind: 'success'; status: number; location?: string; body?: unknown }
  | { kind: 'problem'; status: number; options: ProblemOptions };

/** A longer answer is of a bulk call, which may be made twice: what it has done already it does not do again. */
const ANSWER_LENGTH_MAX = 1024 * 1024;

interface Parts {
  idempotency: IdempotencyStore;
  secrets: SecretBox;
  log: Log;
}

/** Requests that may be repeated: each runs once, and is answered the same again. */
export class IdempotentRequests {
  constructor(private readonly parts: Parts) {}

  /**
   * The right to run a request, or the answer of its first run. Throws 409 while that runs, 422 when the key stands for
   * another request, and 409 when its answer cannot be read any more.
   */
  async begin(request: RepeatableRequest): Promise<{ claim: IdempotencyClaim } | { answer: Answer }> {
    const begun = await this.parts.idempotency.begin(request);
    switch (begun.kind) {
      case 'begun':
        return { claim: begun.claim };
      case 'answered':
        return { answer: this.read(request, begun.answer) };
      case 'running':
        throw new Problem(409, {
          kind: 'still-running',
          message: 'The first request with this Idempotency-Key is still running',
          detail: 'Send the request again in a few seconds; it will have the answer of the first.',
          headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
        });
      case 'other_request':
        throw new Problem(422, {
          kind: 'key-reused',
          message: 'This Idempotency-Key was used for another request',
          detail:
            'It was sent to this path with another body, or by another API key or token, in the last 24 hours. Take a new ' +
            'one for each request.',
        });
    }
  }

  /**
   * Keeps an answer for a repetition, or makes the key free again: after 409, 429, 5xx, a limit that was reached, and what
   * is too long to be kept. Never throws: the request has been answered, whether it can be repeated or not.
   */
  async end(claim: IdempotencyClaim, answer: Answer | undefined): Promise<void> {
    const { idempotency, secrets, log } = this.parts;
    try {
      const text = answer !== undefined && isFinal(answer) ? JSON.stringify(answer) : undefined;
      if (text === undefined || text.length > ANSWER_LENGTH_MAX) await idempotency.free(claim);
      else await idempotency.keep(claim, answer!.status, secrets.seal(text, boundTo(claim)));
    } catch (error) {
      log.warn({ err: error, route: claim.route }, 'an answer could not be kept; its key will be free in two minutes');
    }
  }

  private read(request: RepeatableRequest, sealed: string): Answer {
    try {
      return JSON.parse(this.parts.secrets.open(sealed, boundTo(request))) as Answer;
    } catch (error) {
      if (!(error instanceof SecretKeyUnknown || error instanceof SecretUnreadable)) throw error;
      throw new Problem(409, {
        kind: 'answer-lost',
        message: 'The answer to this request cannot be shown again',
        detail:
          'The request was carried out, but the key that its answer is encrypted with is gone. Look at what it made.',
      });
    }
  }
}

/** What was refused for a reason of the moment may be right the next time. */
function isFinal(answer: Answer): boolean {
  const { status } = answer;
  const isLimit = answer.kind === 'problem' && answer.options.kind === 'quota-exceeded';
  return status < 500 && status !== 409 && status !== 429 && !isLimit;
}

/** A sealed answer moved to another row cannot be opened. */
function boundTo({ license, route, key }: RepeatableRequest): string {
  return JSON.stringify(['idempotency', license, route, key]);
}
