import { Injectable, createParamDecorator } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import type { Scope } from '../core/scopes.js';
import { Authenticator, authorizationOf } from './authenticator.js';
import { callerOf, setCaller } from './caller.js';
import type { KnownCaller } from './caller.js';
import { SCOPE } from './openapi-operation.js';
import { insufficientScope } from './problem.js';
import { requestIdOf } from './request-id.js';
import { RequestRate } from './request-rate.js';

/**
 * Lets developers in who have the scope that the route's `@Operation` names, and remembers who it was for `@Caller()`.
 * Nothing else of the request is looked at before, so a missing scope tells nothing of what there is.
 */
@Injectable()
export class DeveloperGuard implements CanActivate {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly rate: RequestRate,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const caller = await this.authenticator.developer(authorizationOf(request), requestIdOf(request));
    setCaller(request, caller);
    await this.rate.count(caller.license, context.switchToHttp().getResponse());
    const scope = this.reflector.get<Scope | null | undefined>(SCOPE, context.getHandler());
    if (scope === undefined) throw new Error(`${context.getHandler().name} does not say which scope it needs`);
    if (scope !== null && !caller.scopes.includes(scope)) {
      throw insufficientScope([scope], `The API key lacks the scope ${scope}.`);
    }
    return true;
  }
}

/** The parameter of a guarded route that says who is calling. */
export const Caller = createParamDecorator((_unused: unknown, context: ExecutionContext): KnownCaller =>
  callerOf(context.switchToHttp().getRequest<Request>()),
);
