import { followStream, Problem } from '@tripline/client';
import type { StreamFilter } from '@tripline/client';
import { useEffect, useReducer, useRef, useState } from 'react';
import type { Dispatch } from 'react';
import { useTripline } from '../../session.js';
import { changeList, EMPTY_LIST, rowOf } from './live-rows.js';
import type { LiveAction, LiveList, LiveRow } from './live-rows.js';

/** What comes in a burst is drawn at once. */
const DRAW_MS = 150;

interface Live {
  list: LiveList;
  change: Dispatch<LiveAction>;
  /** Why nothing comes any more. */
  error: Error | null;
  tryAgain: () => void;
}

/**
 * Follows the stream while the page is seen. In a hidden tab it is closed, for a browser keeps six connections to a host
 * and the server ten streams to a license; it goes on behind the last entry once the tab is seen again.
 */
export function useLive(filter: StreamFilter): Live {
  const { token } = useTripline();
  const [list, change] = useReducer(changeList, EMPTY_LIST);
  const [error, setError] = useState<Error | null>(null);
  const [attempt, setAttempt] = useState(0);
  const isHidden = useHidden();
  const lastEventId = useRef<string>(undefined);
  const wanted = JSON.stringify(filter);

  useEffect(() => {
    lastEventId.current = undefined;
    change({ kind: 'cleared' });
  }, [wanted]);

  useEffect(() => {
    if (isHidden) {
      change({ kind: 'connection', connection: 'resting' });
      return;
    }
    const ending = new AbortController();
    const drawing = new Drawing(change);
    const follow = async (): Promise<void> => {
      const entries = followStream(
        { baseUrl: location.origin, token },
        {
          filter: JSON.parse(wanted) as StreamFilter,
          ...(lastEventId.current !== undefined && { lastEventId: lastEventId.current }),
          signal: ending.signal,
          onConnection: ({ kind }) => change({ kind: 'connection', connection: kind }),
        },
      );
      for await (const entry of entries) {
        lastEventId.current = entry.id;
        drawing.add(rowOf(entry));
      }
    };
    setError(null);
    change({ kind: 'connection', connection: 'waiting' });
    follow().catch((cause: unknown) => {
      if (ending.signal.aborted) return;
      // A place that the server no longer knows: from now on, then.
      if (cause instanceof Problem && cause.status === 400) lastEventId.current = undefined;
      setError(cause instanceof Error ? cause : new Error(String(cause)));
      change({ kind: 'connection', connection: 'ended' });
    });
    return () => {
      ending.abort();
      drawing.end();
    };
  }, [token, wanted, isHidden, attempt]);

  return { list, change, error, tryAgain: () => setAttempt((count) => count + 1) };
}

/** Collects rows for a moment, so that a thousand a second do not draw a thousand times. */
class Drawing {
  private rows: LiveRow[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly change: Dispatch<LiveAction>) {}

  add(row: LiveRow): void {
    this.rows.push(row);
    this.timer ??= setTimeout(() => this.draw(), DRAW_MS);
  }

  /** What was read is shown all the same: the stream goes on behind it. */
  end(): void {
    clearTimeout(this.timer);
    this.draw();
  }

  private draw(): void {
    this.timer = undefined;
    this.change({ kind: 'came', rows: this.rows.splice(0) });
  }
}

function useHidden(): boolean {
  const [isHidden, setHidden] = useState(document.hidden);
  useEffect(() => {
    const look = () => setHidden(document.hidden);
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return isHidden;
}
