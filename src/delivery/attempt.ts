import type { SecretBox } from '../target/secret-box.js';
import { signingKey } from '../target/secret-box.js';
import type { FailureReason, TargetAnswer, TargetRequest } from '../target/http-client.js';
import { signStandard } from '../target/signature.js';
import { USER_AGENT } from '../target/user-agent.js';
import type { DueDelivery } from '../store/queue.js';

/** So much of an answer is read: enough to keep the connection for nearly every receiver. */
const ANSWER_MAX_BYTES = 16 * 1024;

/** How one request of a delivery ended. */
export type AttemptOutcome = 'delivered' | 'rejected' | 'redirect' | Exclude<FailureReason, 'body'>;

export interface AttemptResult {
  outcome: AttemptOutcome;
  statusCode: number | null;
  /** A sentence without anything of the answer; null when it was delivered. */
  error: string | null;
  durationMs: number;
}

/**
 * The request of a delivery's next attempt, signed for `nowMs` (since 1970). Throws `SecretKeyUnknown` or
 * `SecretUnreadable` when its secret cannot be opened. `payload` must be there.
 */
export function requestOf(
  delivery: DueDelivery & { payload: string },
  { secrets, nowMs }: { secrets: Pick<SecretBox, 'open'>; nowMs: number },
): TargetRequest {
  const key = signingKey(secrets.open(delivery.secret, delivery.endpointId));
  const body = Buffer.from(delivery.payload);
  return {
    url: delivery.url,
    headers: {
      'content-type': 'application/json',
      'user-agent': USER_AGENT,
      ...signStandard({ id: delivery.eventId, timestampSeconds: nowMs / 1_000, body, secrets: [key] }),
      'x-webhook-event': delivery.eventType,
      'x-webhook-delivery': delivery.id,
      'x-webhook-attempt': String(delivery.attempt + 1),
    },
    body,
    maxAnswerBytes: ANSWER_MAX_BYTES,
  };
}

/** What an answer means: 2xx is delivered, as soon as its status came, however long its body; nothing else is. */
export function resultOf(answer: TargetAnswer): AttemptResult {
  const { durationMs } = answer;
  if (answer.kind === 'failed') {
    const outcome = answer.reason === 'body' ? 'connection' : answer.reason;
    return { outcome, statusCode: null, error: answer.message, durationMs };
  }
  const { statusCode } = answer;
  if (statusCode >= 200 && statusCode < 300) return { outcome: 'delivered', statusCode, error: null, durationMs };
  if (statusCode < 400) {
    return {
      outcome: 'redirect',
      statusCode,
      error: `Answered ${statusCode}; redirects are not followed.`,
      durationMs,
    };
  }
  return { outcome: 'rejected', statusCode, error: `Answered ${statusCode}.`, durationMs };
}
