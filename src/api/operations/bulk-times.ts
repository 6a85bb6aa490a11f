/** How long things of a bulk call may take, in ms. */
export interface BulkTimes {
  /** What is not done after this goes on in the background. */
  answerMs: number;
  /** Between two looks for operations that nobody holds. */
  scanMs: number;
  /** Between two signs of life: a third of what the store takes a holder for dead after. */
  heartbeatMs: number;
  /** Before permissions that could not be told are asked for again; doubled each time, up to the next. */
  pauseMs: number;
  pauseMaxMs: number;
  /** How long nothing can be told before an operation gives up. */
  outageMs: number;
  /** How long some of a page can be told and others not before these are refused for themselves. */
  partOutageMs: number;
}

/** Those of production. */
export const BULK_TIMES: BulkTimes = {
  answerMs: 20_000,
  scanMs: 10_000,
  heartbeatMs: 5_000,
  pauseMs: 1_000,
  pauseMaxMs: 60_000,
  outageMs: 3_600_000,
  partOutageMs: 60_000,
};
