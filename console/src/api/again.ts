import { Problem } from '@tripline/client';

/** After what could not be read, until it is read again. */
const HEAL_MS = 5_000;
/** Whoever asks for a longer wait is asked again all the same. */
const WAIT_MAX_MS = 300_000;

const STILL_RUNNING = 'urn:tripline:problem:still-running';

/** Whether asking again at once may help: an answer below 500 stays what it is. */
export function mayHealByItself(error: unknown): boolean {
  return !(error instanceof Problem) || error.status >= 500;
}

/**
 * When something is read again, in ms: as often as its page wants, and until it is there once it could not be read, but
 * not before the server wants to be asked. What is refused is not asked for again and again.
 */
export function readAgainMs(error: Error | null, refreshMs?: number): number | false {
  if (error === null) return refreshMs ?? false;
  const mustWait = error instanceof Problem && error.status === 429;
  if (!mustWait && !mayHealByItself(error)) return false;
  const askedMs = error instanceof Problem ? (error.retryAfterMs ?? 0) : 0;
  return Math.min(Math.max(HEAL_MS, askedMs), WAIT_MAX_MS);
}

/** Whether a change may have been made, or may still be, though this came back. */
export function isOpenWhetherDone(error: unknown): boolean {
  return mayHealByItself(error) || (error instanceof Problem && error.body.type === STILL_RUNNING);
}
