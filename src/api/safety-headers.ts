import type { NextFunction, Request, Response } from 'express';

/** Says to browsers that types are as stated, and to caches to keep no answer of the API: some hold a secret. */
export function setSafetyHeaders(request: Request, response: Response, next: NextFunction): void {
  response.set('X-Content-Type-Options', 'nosniff');
  if (request.path.toLowerCase().startsWith('/v1/')) response.set('Cache-Control', 'no-store');
  next();
}
