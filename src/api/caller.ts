import type { Request } from 'express';
import type { Actor } from '../store/actor.js';

const callers = new WeakMap<Request, Actor>();

/** Remembers whom a guard let in. */
export function setCaller(request: Request, actor: Actor): void {
  callers.set(request, actor);
}

/** Whom a guard let in; throws on a route without a guard. */
export function callerOf(request: Request): Actor {
  const actor = callers.get(request);
  if (actor === undefined) throw new Error(`${request.path} has no guard`);
  return actor;
}

/** The same for the log, where a request may have been refused before anybody was known. */
export function knownCallerOf(request: Request): Actor | undefined {
  return callers.get(request);
}
