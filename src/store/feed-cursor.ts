/** A place in the feed: behind one entry of one transaction. */
export interface FeedCursor {
  /** The transaction that wrote the entry. */
  xid: bigint;
  kind: 'delivery' | 'event';
  id: string;
}

const CURSOR = /^(\d{1,19})\.([de])\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const XID_MAX = 2n ** 63n - 1n;

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

/** Whether one place comes before another. */
export function isBefore(a: FeedCursor, b: FeedCursor): boolean {
  if (a.xid !== b.xid) return a.xid < b.xid;
  return a.kind === b.kind ? a.id < b.id : a.kind < b.kind;
}
