/** How one request of a delivery ended, as its owner sees it. */
export const ATTEMPT_OUTCOMES = [
  'delivered',
  'rejected',
  'timeout',
  'connection',
  'tls',
  'dns',
  'blocked',
  'redirect',
] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/** What came back: a status, or why there is none. `message` is a sentence without anything of an answer. */
export type AnswerGist =
  | { kind: 'answered'; statusCode: number }
  | { kind: 'failed'; reason: 'timeout' | 'connection' | 'tls' | 'dns' | 'blocked' | 'body'; message: string };

export interface AttemptVerdict {
  outcome: AttemptOutcome;
  statusCode: number | null;
  /** A sentence without anything of the answer but its status; null when it was delivered. */
  error: string | null;
  /** What follows: nothing, another attempt if the schedule has one, or the end of the whole endpoint. */
  next: 'done' | 'retry' | 'give_up_endpoint';
}

const GONE = 410;

/**
 * What an answer means. 2xx is delivered; a redirect is a failure, since it is not followed; 410 says that nothing is
 * wanted there ever again. Everything else may be better next time: a bad release answers 400 and 401 too.
 */
export function outcomeOf(answer: AnswerGist): AttemptVerdict {
  if (answer.kind === 'failed') {
    const outcome = answer.reason === 'body' ? 'connection' : answer.reason;
    return { outcome, statusCode: null, error: answer.message, next: 'retry' };
  }
  const { statusCode } = answer;
  if (statusCode >= 200 && statusCode < 300) return { outcome: 'delivered', statusCode, error: null, next: 'done' };
  if (statusCode >= 300 && statusCode < 400) {
    const error = `Answered ${statusCode}; redirects are not followed.`;
    return { outcome: 'redirect', statusCode, error, next: 'retry' };
  }
  const next = statusCode === GONE ? 'give_up_endpoint' : 'retry';
  return { outcome: 'rejected', statusCode, error: `Answered ${statusCode}.`, next };
}
