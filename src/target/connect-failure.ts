import type { FailureReason } from './http-client.js';

/** A connection that did not come about, or a request that ran out of time. */
export class ConnectFailure extends Error {
  constructor(
    readonly reason: FailureReason,
    cause?: unknown,
  ) {
    super(`No connection: ${reason}`, { cause });
  }
}
