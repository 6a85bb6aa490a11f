import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { lastValueFrom, of } from 'rxjs';
import type { Observable } from 'rxjs';
import type { RepeatableRequest } from '../store/idempotency.js';
import { callerOf } from './caller.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import { IdempotentRequests } from './idempotent-requests.js';
import type { Answer } from './idempotent-requests.js';
import { IDEMPOTENT } from './openapi-operation.js';
import { Problem } from './problem.js';
import { bodyBytesOf } from './request-body.js';

const REPLAYED_HEADER = 'Idempotency-Replayed';

/**
 * Runs a request that has an `Idempotency-Key` once, on routes whose `@Operation` is `idempotent`. Stands behind the
 * guards and the reading of the body, so what these refuse leaves no trace; from then on a refusal (4xx) is kept like a
 * success, as draft-ietf-httpapi-idempotency-key-header has it, unless it is of the moment.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly requests: IdempotentRequests,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    if (!this.reflector.get<boolean | undefined>(IDEMPOTENT, context.getHandler())) return next.handle();
    const request = context.switchToHttp().getRequest<Request>();
    const key = idempotencyKeyOf(request);
    if (key === undefined) return next.handle();
    const response = context.switchToHttp().getResponse<Response>();
    const begun = await this.requests.begin(repeatable(request, key));
    if ('answer' in begun) return of(replay(begun.answer, response));
    let answer: Answer | undefined;
    try {
      const body: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
      answer = successOf(body, response);
      return of(body);
    } catch (error) {
      if (error instanceof Problem) answer = { kind: 'problem', status: error.status, options: error.options };
      throw error;
    } finally {
      await this.requests.end(begun.claim, answer);
    }
  }
}

/** The path goes in as a hash, because nobody has looked at the parameters in it yet: they may be of any length. */
function repeatable(request: Request, key: string): RepeatableRequest {
  const { method, originalUrl, params } = request;
  const { path } = request.route as { path: string };
  const query = originalUrl.split('?')[1] ?? '';
  const { license, keyId } = callerOf(request);
  // A key must not be shown what a wider one was answered.
  const by = keyId === undefined ? '' : `${keyId} `;
  return {
    license,
    route: `${method} ${path} ${sha256(JSON.stringify(params)).toString('base64url')}`,
    key,
    fingerprint: sha256(`${by}${method} ${path}?${query}\n`, bodyBytesOf(request)),
  };
}

function successOf(body: unknown, response: Response): Answer {
  const location = response.get('Location');
  return {
    kind: 'success',
    status: response.statusCode,
    ...(location === undefined ? {} : { location }),
    ...(body === undefined ? {} : { body }),
  };
}

/** The body of a success, to be sent on; a problem is thrown as it was. */
function replay(answer: Answer, response: Response): unknown {
  response.set(REPLAYED_HEADER, 'true');
  if (answer.kind === 'problem') throw new Problem(answer.status, answer.options);
  response.status(answer.status);
  if (answer.location !== undefined) response.set('Location', answer.location);
  return answer.body;
}

function sha256(...parts: (string | Buffer)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
