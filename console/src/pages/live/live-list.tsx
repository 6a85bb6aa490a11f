import { useEffect, useRef, useState } from 'react';
import type { Dispatch, KeyboardEvent, ReactNode } from 'react';
import { useWebhooks } from '../../api/resources.js';
import { PauseButton } from '../../lists/live-bar.js';
import { Button } from '../../parts/button.js';
import { number } from '../../parts/format.js';
import { Card } from '../../parts/page.js';
import { nextRow } from '../../parts/row-keys.js';
import { useNow } from '../../parts/time.js';
import { webhookName, webhookNames } from '../../webhook/webhook-name.js';
import { LiveLine } from './live-line.js';
import { ROWS_MAX } from './live-rows.js';
import type { LiveAction, LiveList as List } from './live-rows.js';

interface LiveListProps {
  list: List;
  change: Dispatch<LiveAction>;
  connection: ReactNode;
  empty: ReactNode;
}

/** So often the number of new rows is spoken while the list is paused. */
const SPOKEN_MS = 10_000;

/** The rows, newest on top. They stand still while the list is paused: by its button, by space, or once one scrolls down. */
export function LiveList({ list, change, connection, empty }: LiveListProps) {
  const { rows, heldCount, isPaused } = list;
  const top = usePauseByScroll(list, change);
  const names = webhookNames(useWebhooks().data);
  const now = useNow(60_000);
  const toggle = () => change({ kind: isPaused ? 'resumed' : 'paused' });
  useSpace(toggle);
  const showNew = () => {
    change({ kind: 'resumed' });
    top.current?.scrollIntoView({ block: 'center' });
  };
  return (
    <div className="live-card">
      <Card
        isFlush
        title={connection}
        actions={
          <>
            {heldCount > 0 && (
              <Button kind="primary" onPress={showNew}>
                Show {number(heldCount)} new
              </Button>
            )}
            <PauseButton isPaused={isPaused} onChange={toggle} />
            {!isPaused && <Button onPress={() => change({ kind: 'cleared' })}>Clear list</Button>}
          </>
        }
      >
        <div ref={top} />
        <SpokenCount count={isPaused ? heldCount : 0} />
        <div role="log" aria-live="off" aria-label="What happens">
          {rows.length === 0 && heldCount === 0 ? (
            empty
          ) : (
            <ol onKeyDown={moveBetweenLines}>
              {rows.map((row) => (
                <LiveLine
                  key={row.id}
                  row={row}
                  webhook={row.webhookId && webhookName(row.webhookId, names)}
                  dayMs={now}
                />
              ))}
            </ol>
          )}
        </div>
        {rows.length === ROWS_MAX && (
          <p className="hint live-note">Older ones are no longer shown. The event log has them all.</p>
        )}
      </Card>
    </div>
  );
}

/** Pauses while the top of the list is scrolled away, and goes on when it is back, unless one paused by hand. */
function usePauseByScroll({ isPaused }: List, change: Dispatch<LiveAction>) {
  const top = useRef<HTMLDivElement>(null);
  const isByScroll = useRef(false);
  const paused = useRef(isPaused);
  useEffect(() => {
    paused.current = isPaused;
    if (!isPaused) isByScroll.current = false;
  }, [isPaused]);
  useEffect(() => {
    if (top.current === null) return;
    // Everything below the window counts as seen: what is asked is whether the top is above it.
    const observer = new IntersectionObserver(
      ([entry]) => {
        const isAbove = entry?.isIntersecting === false;
        if (isAbove && !paused.current) {
          isByScroll.current = true;
          change({ kind: 'paused' });
        } else if (!isAbove && isByScroll.current) change({ kind: 'resumed' });
      },
      { rootMargin: '0px 0px 1000000px 0px' },
    );
    observer.observe(top.current);
    return () => observer.disconnect();
  }, [change]);
  return top;
}

/** Space pauses, wherever it means nothing else. */
function useSpace(toggle: () => void): void {
  const latest = useRef(toggle);
  useEffect(() => {
    latest.current = toggle;
  });
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent) => {
      const target = event.target as Element | null;
      const isTaken = target?.closest('input, textarea, button, select, [role=listbox], [role=dialog]');
      if (event.key !== ' ' || event.ctrlKey || event.metaKey || event.altKey || isTaken) return;
      event.preventDefault();
      latest.current();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}

/** How many are new, spoken now and then: a list that is read out as it grows would never fall silent. */
function SpokenCount({ count }: { count: number }) {
  const [spoken, setSpoken] = useState(0);
  const latest = useRef(count);
  useEffect(() => {
    latest.current = count;
  });
  useEffect(() => {
    const timer = setInterval(() => setSpoken(latest.current), SPOKEN_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <span className="hidden-text" role="status">
      {spoken > 0 && count > 0 && `${number(spoken)} new`}
    </span>
  );
}

/** The keys of tables go from line to line. */
function moveBetweenLines(event: KeyboardEvent<HTMLOListElement>): void {
  const links = [...event.currentTarget.querySelectorAll('a')];
  const to = nextRow(event.key, links.indexOf(document.activeElement as HTMLAnchorElement), links.length);
  if (to === undefined) return;
  event.preventDefault();
  links[to]?.focus();
}
