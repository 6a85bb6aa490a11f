/** How much of bulk calls there may be. */
export interface BulkLimits {
  /** Calls of a license that have not ended: recorded ones anywhere, and those that somebody waits for at this process. */
  openPerLicenseMax: number;
  /** Calls of its own that a process goes on with after their answer; others find a process that looks for them. */
  ownMax: number;
  /** Operations that one process takes over at a time: each is a connection and a steady stream of changes. */
  takenOverMax: number;
  /** Ten times the list that may be sent; what is shared beyond needs lists. */
  sharedVehiclesMax: number;
  /** Vehicles that an answer names of those that failed: as many as a list may have. */
  failedNamedMax: number;
}

/** Those of production. */
export const BULK_LIMITS: BulkLimits = {
  openPerLicenseMax: 5,
  ownMax: 8,
  takenOverMax: 4,
  sharedVehiclesMax: 1_000_000,
  failedNamedMax: 100_000,
};
