import { Ago, useNow } from '../../parts/time.js';

/** When the next attempt is; what is due waits for its turn, or for its endpoint. */
export function NextAttempt({ at }: { at: string }) {
  const now = useNow();
  if (Date.parse(at) <= now) return 'due now';
  return (
    <>
      next attempt <Ago at={at} />
    </>
  );
}
