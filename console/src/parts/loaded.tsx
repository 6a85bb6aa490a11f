import { useState } from 'react';
import type { ReactNode } from 'react';
import { readAgainMs } from '../api/again.js';
import type { Pages } from '../api/queries.js';
import { Button } from './button.js';
import { ProblemNotice } from './notice.js';

interface Asked<Data> {
  data: Data | undefined;
  error: Error | null;
  refetch: () => unknown;
}

interface LoadedProps<Data> {
  query: Asked<Data>;
  children: (data: Data) => ReactNode;
  /** Of what will stand here, in pixels. */
  height?: number;
}

/** What was read, once it is there; before that a grey block, and what went wrong when it does not come. */
export function Loaded<Data>({ query, children, height = 160 }: LoadedProps<Data>) {
  const { data, error, refetch } = query;
  const before = useErrorBefore(query);
  if (data === undefined && (error ?? before))
    return <ProblemNotice error={(error ?? before)!} retry={() => void refetch()} isTrying={error === null} />;
  if (data === undefined) return <Waiting height={height} />;
  return (
    <>
      {error && <ProblemNotice error={error} retry={() => void refetch()} />}
      {children(data)}
    </>
  );
}

/** A query that is asked again has no error until the next answer. What was said stays until there is another. */
function useErrorBefore({ data, error }: Asked<unknown>): Error | null {
  const [before, setBefore] = useState<Error | null>(null);
  const now = error ?? (data === undefined ? before : null);
  // What does not heal by itself may be of something else that was asked for here.
  const kept = now !== null && readAgainMs(now) !== false ? now : null;
  if (kept !== before) setBefore(kept);
  return kept;
}

/** Stands where something is about to be. */
export function Waiting({ height }: { height: number }) {
  return (
    <div className="waiting" style={{ height }} role="status">
      <span className="hidden-text">Loading</span>
    </div>
  );
}

interface LoadedPagesProps<Row> {
  pages: Pages<Row>;
  children: (rows: Row[]) => ReactNode;
  height?: number;
}

/** The same for a list that is read page by page, with a button for more. */
export function LoadedPages<Row>({ pages, children, height }: LoadedPagesProps<Row>) {
  const query = { data: pages.isPending ? undefined : pages.rows, error: pages.error, refetch: () => pages.refetch() };
  return (
    <Loaded
      query={pages.error && pages.rows.length === 0 ? { ...query, data: undefined } : query}
      {...(height && { height })}
    >
      {(rows) => (
        <>
          {children(rows)}
          <LoadMore pages={pages} />
        </>
      )}
    </Loaded>
  );
}

/** Reads the next page of a list, while there is one. */
export function LoadMore<Row>({ pages }: { pages: Pages<Row> }) {
  if (!pages.hasMore) return null;
  return (
    <div className="more-rows">
      <Button onPress={() => pages.loadMore()} isPending={pages.isLoadingMore}>
        Show more
      </Button>
    </div>
  );
}
