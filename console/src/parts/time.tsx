import { useEffect, useState } from 'react';
import { ago, moment, utc } from './format.js';

const AGAIN_MS = 10_000;

/** How long ago something was, or how long it still takes; the exact time is its title. Null is a dash. */
export function Ago({ at }: { at: string | null | undefined }) {
  useNow();
  if (!at) return <span className="muted">–</span>;
  return (
    <time dateTime={at} title={utc(at)}>
      {/* What came just now is later than the last tick: by that it would be yet to come. */}
      {ago(at, Date.now())}
    </time>
  );
}

/** When something was, by the reader's clock: the date only when it is not today. */
export function Moment({ at }: { at: string | null | undefined }) {
  const now = useNow();
  if (!at) return <span className="muted">–</span>;
  return (
    <time dateTime={at} title={utc(at)} className="numbers">
      {moment(at, now)}
    </time>
  );
}

/** The time, which goes on while the page is seen. Ms since 1970. */
export function useNow(everyMs: number = AGAIN_MS): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
