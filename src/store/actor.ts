/**
 * Who asked for a change, as the event log keeps it. An operator's call has the license '' and the key id 'admin'.
 * A license's own call acts on what that license owns; everything else is unknown to it.
 */
export interface Actor {
  license: string;
  /** The API key that was used; undefined for a developer's token. */
  keyId?: string;
  /** Ties the log event to the request's log lines and to its `X-Request-Id`. */
  requestId: string;
}
