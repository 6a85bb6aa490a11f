import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { Authenticator, authorizationOf } from './authenticator.js';
import { setCaller } from './caller.js';
import { requestIdOf } from './request-id.js';

/** Lets operators in who know the admin token. */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(private readonly authenticator: Authenticator) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    setCaller(request, this.authenticator.admin(authorizationOf(request), requestIdOf(request)));
    return true;
  }
}
