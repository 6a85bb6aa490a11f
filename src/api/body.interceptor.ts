import { Injectable, SetMetadata } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import type { Observable } from 'rxjs';
import { BODY_BYTES_MAX, readJsonBody } from './request-body.js';

const BYTES_MAX = Symbol('body bytes');

/** Marks a route that has a JSON body; on all others a body is not read. */
export const TakesBody = (bytesMax: number = BODY_BYTES_MAX) => SetMetadata(BYTES_MAX, bytesMax);

/** Reads the body of a marked route: after the guards, so that only callers with a valid token make us parse anything. */
@Injectable()
export class BodyInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const bytesMax = this.reflector.get<number | undefined>(BYTES_MAX, context.getHandler());
    if (bytesMax !== undefined) {
      const request = context.switchToHttp().getRequest<Request>();
      request.body = await readJsonBody(request, bytesMax);
    }
    return next.handle();
  }
}
