import { setTimeout as sleep } from 'node:timers/promises';

export interface Delays {
  firstMs: number;
  /** Delays double up to this. */
  mostMs: number;
}

/** How often a wait looks whether it is still wanted: what stop() may have to wait for. */
const STEP_MS = 100;

/**
 * Repeats an operation until it succeeds, with growing delays, and resolves to its result; to `undefined` as soon as it
 * failed and is no longer wanted. Each failure goes to `onError`, none is thrown.
 */
export async function retryWhile<Result>(
  isWanted: () => boolean,
  operation: () => Promise<Result>,
  options: { delays: Delays; onError: (error: unknown) => void },
): Promise<Result | undefined> {
  for (let delayMs = options.delays.firstMs; ; delayMs = Math.min(delayMs * 2, options.delays.mostMs)) {
    try {
      return await operation();
    } catch (error) {
      options.onError(error);
      if (!(await pauseWhile(isWanted, delayMs))) return undefined;
    }
  }
}

/** Waits, at least as long as `isWanted` holds; false when it held no longer. */
export async function pauseWhile(isWanted: () => boolean, delayMs: number): Promise<boolean> {
  for (let leftMs = delayMs; isWanted(); leftMs -= STEP_MS) {
    if (leftMs <= 0) return true;
    await sleep(Math.min(leftMs, STEP_MS));
  }
  return false;
}
