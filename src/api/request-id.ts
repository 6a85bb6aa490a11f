import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';

const HEADER = 'X-Request-Id';

/** What a caller may choose: enough for any id in use, and safe in logs and headers. */
const ACCEPTABLE = /^[A-Za-z0-9._:+/=-]{1,128}$/;

const ids = new WeakMap<Request, string>();

/** Gives each request its id, the caller's own where that is acceptable, and names it in the answer. */
export function assignRequestId(request: Request, response: Response, next: NextFunction): void {
  const given = request.get(HEADER);
  const id = given !== undefined && ACCEPTABLE.test(given) ? given : randomUUID();
  ids.set(request, id);
  response.set(HEADER, id);
  next();
}

/** The id of a request that passed `assignRequestId`; throws for any other. */
export function requestIdOf(request: Request): string {
  const id = ids.get(request);
  if (id === undefined) throw new Error('a request without an id: assignRequestId must be the first middleware');
  return id;
}
