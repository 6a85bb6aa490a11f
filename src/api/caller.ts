import type { Request } from 'express';
import type { Scope } from '../core/scopes.js';
import type { Actor } from '../store/actor.js';

/** Whom a guard let in. */
export interface KnownCaller extends Actor {
  /** What the token or key is allowed; an operator has none of a license's. */
  scopes: readonly Scope[];
  /** When the token or key ends, by `performance.now()`; undefined for never. */
  endsAtMs?: number;
}

const callers = new WeakMap<Request, KnownCaller>();

/** Remembers whom a guard let in. */
export function setCaller(request: Request, caller: KnownCaller): void {
  callers.set(request, caller);
}

/** Whom a guard let in; throws on a route without a guard. */
export function callerOf(request: Request): KnownCaller {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error(`${request.path} has no guard`);
  return caller;
}

/** The same for the log, where a request may have been refused before anybody was known. */
export function knownCallerOf(request: Request): KnownCaller | undefined {
  return callers.get(request);
}
