import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for something at most so long; whether it failed does not matter to who waits. */
export async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  const timer = sleep(limitMs, undefined, { signal: limit.signal }).catch(() => undefined);
  await Promise.race([work.catch(() => undefined), timer]);
  limit.abort();
}
