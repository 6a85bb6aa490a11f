import { Injectable, SetMetadata } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import type { Observable } from 'rxjs';
import { BODY_BYTES_MAX, readJsonBody } from './request-body.js';

const BODY = Symbol('body');

interface BodyRule {
  bytesMax: number;
  isOptional: boolean;
}

/** Marks a route that has a JSON body; on all others a body is not read. */
export const TakesBody = (bytesMax: number = BODY_BYTES_MAX) => SetMetadata(BODY, { bytesMax, isOptional: false });

/** Marks a route where no body means an empty object. */
export const MayTakeBody = () => SetMetadata(BODY, { bytesMax: BODY_BYTES_MAX, isOptional: true });

/** Reads the body of a marked route: after the guards, so that only callers with a valid token make us parse anything. */
@Injectable()
export class BodyInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const rule = this.reflector.get<BodyRule | undefined>(BODY, context.getHandler());
    if (rule !== undefined) {
      const request = context.switchToHttp().getRequest<Request>();
      request.body = rule.isOptional && isWithoutBody(request) ? {} : await readJsonBody(request, rule.bytesMax);
    }
    return next.handle();
  }
}

/** RFC 9112 §6.3. */
function isWithoutBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}
