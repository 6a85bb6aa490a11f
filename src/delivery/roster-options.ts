/** What `Roster` is made from. */
export interface RosterOptions {
  concurrency: number;
  concurrencyPerEndpoint: number;
  /** Ms that never go back. */
  ticks: () => number;
  /** An endpoint's rate allows the next request. */
  onReady: () => void;
  /** What waits at an endpoint whose turn has come is to be read again first: there is something to fetch. */
  onOutdated: () => void;
}
