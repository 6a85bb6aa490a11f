/** What every row of a live list has: ids grow with time, so they are the order too. */
export interface LiveRow {
  id: string;
}

/** A list that new rows come to. */
export interface LiveRows<Row extends LiveRow> {
  /** Newest first. */
  shown: readonly Row[];
  /** Newer ones that wait until the reader asks for them. */
  waiting: readonly Row[];
}

/**
 * Puts what was just read into the list. Rows that are there are brought up to date in place; new ones stand on top, or
 * wait there while the reader must not lose the place. Older ones go to the end, for they were loaded. Nothing is there twice.
 */
export function mergeRows<Row extends LiveRow>(
  { shown, waiting }: LiveRows<Row>,
  read: readonly Row[],
  { isHeld }: { isHeld: boolean },
): LiveRows<Row> {
  const known = new Map([...waiting, ...shown, ...read].map((row) => [row.id, row]));
  const newest = shown[0]?.id;
  const isLate = (row: Row) => isHeld && newest !== undefined && row.id > newest;
  const rows = [...known.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  return { shown: rows.filter((row) => !isLate(row)), waiting: rows.filter(isLate) };
}

/** What waited is shown. */
export function showWaiting<Row extends LiveRow>({ shown, waiting }: LiveRows<Row>): LiveRows<Row> {
  return { shown: [...waiting, ...shown], waiting: [] };
}

/**
 * Drops what a first page no longer has though it lies in its range: a filter by status loses rows when they change.
 * `isWhole` says that the page is all there is.
 */
export function dropGone<Row extends LiveRow>(
  rows: LiveRows<Row>,
  page: readonly Row[],
  { isWhole }: { isWhole: boolean },
): LiveRows<Row> {
  const ids = new Set(page.map(({ id }) => id));
  const oldest = page.at(-1)?.id ?? '';
  const isGone = ({ id }: Row) => !ids.has(id) && (isWhole || id >= oldest);
  const keep = (list: readonly Row[]) => list.filter((row) => !isGone(row));
  return { shown: keep(rows.shown), waiting: keep(rows.waiting) };
}
