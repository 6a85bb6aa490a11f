import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Log } from '../observability/log.js';
import { allowedMethods } from './allowed-methods.js';
import { isOutage } from './outage.js';
import { Problem, unavailable } from './problem.js';
import { requestIdOf } from './request-id.js';

/** Turns whatever was thrown into one problem answer, and logs what is our own fault. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const problem = error instanceof Problem ? error : this.classify(error, request);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.status(problem.status);
    // Beside the limit on requests, which is in every answer, may stand the one that was reached.
    for (const [name, value] of Object.entries(problem.headers)) response.append(name, value);
    response.type('application/problem+json').send(JSON.stringify(problem.body()));
  }

  private classify(error: unknown, request: Request): Problem {
    if (error instanceof HttpException && error.getStatus() < 500) return this.fromNest(error, request);
    const fields = { err: error, requestId: requestIdOf(request), path: request.path };
    if (isOutage(error)) {
      this.log.warn(fields, 'a request failed because the database is unavailable');
      return unavailable('The service is temporarily unavailable', 'Send the request again in a few seconds.');
    }
    this.log.error(fields, 'a request failed');
    return new Problem(500, {
      message: 'Internal error',
      detail: `Something went wrong here. Please name the request id ${requestIdOf(request)} when you report it.`,
    });
  }

  private fromNest(error: HttpException, request: Request): Problem {
    if (error.getStatus() !== 404) return new Problem(error.getStatus(), { message: error.message });
    const methods = allowedMethods(request);
    if (methods.length === 0) {
      return new Problem(404, {
        message: `Cannot ${request.method} ${request.path}`,
        detail: 'There is no such path.',
      });
    }
    return new Problem(405, {
      message: 'Method Not Allowed',
      detail: `${request.path} takes ${methods.join(', ')}.`,
      headers: { Allow: methods.join(', ') },
    });
  }
}
