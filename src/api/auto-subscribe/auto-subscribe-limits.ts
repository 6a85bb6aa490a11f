/** How often vehicles are looked for that are to join or leave by themselves, and how much of it there may be. */
export interface AutoSubscribeLimits {
  /** From the end of a license's sync to the next; as long as the sync took where that is more. */
  syncMs: number;
  /** After a failure, doubled with each in a row; at most this. */
  failingMaxMs: number;
  /** Between two looks for licenses that are due. */
  scanMs: number;
  /** Between two signs of life: a third of what the store takes a holder for dead after. */
  heartbeatMs: number;
  /** Licenses that one process syncs at a time. */
  licensesMax: number;
  /**
   * Vehicles that are asked for again in one sync although nothing came of it before, for each set of permissions: those
   * that were asked for longest ago, so that all have their turn.
   */
  askedAgainMax: number;
  /** Vehicles that may be refused in one sync before the rest is left to the next, for each webhook. */
  refusedMax: number;
  /** Vehicles of which one process remembers that it asked, some 150 bytes each; the licenses synced last count. */
  rememberedMax: number;
}

/** Those of production. */
export const AUTO_SUBSCRIBE_LIMITS: AutoSubscribeLimits = {
  syncMs: 30_000,
  failingMaxMs: 120_000,
  scanMs: 2_000,
  heartbeatMs: 5_000,
  licensesMax: 4,
  askedAgainMax: 1_000,
  refusedMax: 25_000,
  rememberedMax: 1_000_000,
};
