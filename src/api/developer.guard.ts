import { Injectable, createParamDecorator } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Actor } from '../store/actor.js';
import { Authenticator } from './authenticator.js';
import { callerOf, setCaller } from './caller.js';
import { requestIdOf } from './request-id.js';

/** Lets developers in, and remembers who it was for `@Caller()`. */
@Injectable()
export class DeveloperGuard implements CanActivate {
  constructor(private readonly authenticator: Authenticator) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    setCaller(request, await this.authenticator.developer(request.get('authorization'), requestIdOf(request)));
    return true;
  }
}

/** The parameter of a guarded route that says who is calling. */
export const Caller = createParamDecorator((_unused: unknown, context: ExecutionContext): Actor =>
  callerOf(context.switchToHttp().getRequest<Request>()),
);
