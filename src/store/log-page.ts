import { firstIdAt } from './log-id.js';

/** A part of the log, newest first. Times are ms since 1970 and mean those in the ids: when an event happened. */
export interface LogPage {
  limit: number;
  /** The last id of the page before. */
  before?: string;
  sinceMs?: number;
  /** Exclusive. */
  untilMs?: number;
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The ids of a page, `to` exclusive: a range tells the database which days to look at. */
export function idRange({ before, sinceMs, untilMs }: LogPage): { from: string; to: string } {
  const end = untilMs === undefined ? LAST_ID : firstIdAt(Math.max(untilMs, 0));
  return {
    from: sinceMs === undefined ? FIRST_ID : firstIdAt(Math.max(sinceMs, 0)),
    to: before !== undefined && before < end ? before : end,
  };
}
