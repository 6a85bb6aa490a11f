import type { NextFunction, Request, Response } from 'express';
import type { Log } from '../observability/log.js';
import { knownCallerOf } from './caller.js';
import { requestIdOf } from './request-id.js';

/** Logs one line for each request when it is answered, or given up by its client. */
export function logRequests(log: Log): (request: Request, response: Response, next: NextFunction) => void {
  return (request, response, next) => {
    const startedAt = performance.now();
    const { method, path } = request;
    response.once('close', () => {
      const fields = {
        requestId: requestIdOf(request),
        method,
        path,
        status: response.writableFinished ? response.statusCode : 'aborted',
        durationMs: Math.round(performance.now() - startedAt),
        license: knownCallerOf(request)?.license,
        keyId: knownCallerOf(request)?.keyId,
      };
      log.info(fields, 'request');
    });
    next();
  };
}
