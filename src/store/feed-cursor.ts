/** A place in the feed: behind one entry of one transaction. */
export interface FeedCursor {
  /** The transaction that wrote the entry. */
  xid: bigint;
  kind: 'delivery' | 'event';
  id: string;
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const CURSOR = /^(\d{1,19})\.([de])\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const XID_MAX = 2n ** 63n - 1n;

/** Before anything that a transaction wrote. */
export function beginningOf(xid: bigint): FeedCursor {
  return { xid, kind: 'delivery', id: FIRST_ID };
}

/** `<transaction>.<d|e>.<id>`, what a client gives back to go on from there. */
export function formatFeedCursor({ xid, kind, id }: FeedCursor): string {
  return `${xid}.${kind[0]}.${id}`;
}

/** Undefined for a text that is no cursor. */
export function parseFeedCursor(text: string): FeedCursor | undefined {
  const [, xid, kind, id] = CURSOR.exec(text) ?? [];
  if (xid === undefined || id === undefined || BigInt(xid) > XID_MAX) return undefined;
  return { xid: BigInt(xid), kind: kind === 'd' ? 'delivery' : 'event', id };
}

/** Where the rows of one kind, in the order of transaction and id, go on from a place. */
export function keyFrom(place: FeedCursor, kind: FeedCursor['kind']): [xid: string, id: string] {
  if (place.kind === kind) return [String(place.xid), place.id];
  return [String(place.kind === 'event' ? place.xid + 1n : place.xid), FIRST_ID];
}

/** Whether one place comes before another. */
export function isBefore(a: FeedCursor, b: FeedCursor): boolean {
  if (a.xid !== b.xid) return a.xid < b.xid;
  return a.kind === b.kind ? a.id < b.id : a.kind < b.kind;
}
