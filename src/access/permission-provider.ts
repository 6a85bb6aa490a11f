/** `unknown` means that nobody could say: neither a yes nor a no, ask again later. */
export type Verdict = 'granted' | 'denied' | 'unknown';

export interface CheckOptions {
  /** Asks the source of truth whatever was answered before, and lets its answer replace what is remembered. */
  fresh?: boolean;
  /** Vehicles that could not be asked for within this time, because too many others wait, are `unknown`. */
  patienceMs?: number;
}

/** Says which vehicles a license may read. */
export interface PermissionProvider {
  /**
   * The grants in our own database decide, and one that is withdrawn ends what needs it at once. Whoever acts on a verdict
   * therefore has the store hold the grants while it writes: a verdict may be older than the withdrawal. Elsewhere the
   * next firing finds what was withdrawn.
   */
  readonly grantsDecide: boolean;

  /**
   * One verdict for each vehicle, in the order of `vehicles`: `granted` when the license holds all of `permissions` on
   * it. An outage of a permission service is `unknown` and never rejects; a failing database of our own does.
   */
  check(
    license: string,
    vehicles: readonly string[],
    permissions: readonly string[],
    options?: CheckOptions,
  ): Promise<Verdict[]>;

  /**
   * Every vehicle that was shared with the license with whatever permission, in pages of canonical DIDs. Throws
   * `PermissionsUnavailable` in any page that cannot be had: a list that ends normally is complete.
   */
  sharedVehicles(license: string): AsyncIterable<string[]>;
}

/** The source of permissions did not answer, or not in a form that can be trusted. `cause` says what happened. */
export class PermissionsUnavailable extends Error {
  override readonly name = 'PermissionsUnavailable';
}
