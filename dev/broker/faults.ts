import type { ApiName } from './requests/api-table.js';

/**
 * What happens to a request, for tests.
 *
 * `delay` handles it later. `error` does nothing and answers with an error code. `disconnect` closes the connection
 * instead of an answer, before the request takes effect or after it.
 */
export type Fault =
  | { kind: 'delay'; delayMs: number }
  | { kind: 'error'; error: number }
  | { kind: 'disconnect'; when: 'before' | 'after' };

/** The faults that wait for their requests; each is used once, oldest first. */
export class Faults {
  readonly #waiting = new Map<ApiName, Fault[]>();

  /** The next `count` requests of the API meet this fault. */
  add(api: ApiName, fault: Fault, count: number): void {
    const waiting = this.#waiting.get(api) ?? [];
    this.#waiting.set(api, [...waiting, ...Array.from({ length: count }, () => fault)]);
  }

  take(api: ApiName): Fault | undefined {
    return this.#waiting.get(api)?.shift();
  }

  clear(): void {
    this.#waiting.clear();
  }
}
