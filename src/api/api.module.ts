import { Module } from '@nestjs/common';
import type { DynamicModule, LoggerService, Provider } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Catalog } from '../core/catalog.js';
import { Health } from '../observability/health.js';
import type { Log } from '../observability/log.js';
import { DeadLetterStore } from '../store/dead-letters.js';
import { GrantStore } from '../store/grants.js';
import { DeadLettersController } from './admin/dead-letters.controller.js';
import { GrantsController } from './admin/grants.controller.js';
import type { ApiParts } from './api-parts.js';
import { Authenticator } from './authenticator.js';
import { BodyInterceptor } from './body.interceptor.js';
import { CatalogController } from './catalog/catalog.controller.js';
import { ConditionsController } from './conditions/conditions.controller.js';
import { FieldsPipe } from './fields.pipe.js';
import { serveDocument } from './openapi-page.js';
import { ProblemFilter } from './problem.filter.js';
import { assignRequestId } from './request-id.js';
import { logRequests } from './request-log.js';
import { setSafetyHeaders } from './safety-headers.js';
import { ServiceController } from './service/service.controller.js';
import { StatesController } from './states/states.controller.js';
import { States } from './states/states.js';
import { SubscriptionsController } from './subscriptions/subscriptions.controller.js';
import { Subscriptions } from './subscriptions/subscriptions.js';
import { TriggersController } from './triggers/triggers.controller.js';
import { Triggers } from './triggers/triggers.js';
import { answerUnreadableRequests } from './unreadable-request.js';

/** The REST surface over the parts that it is given. */
@Module({})
export class ApiModule {
  /** Routes are matched in this order: the catalogue's words stand where others have an id. */
  static with(parts: ApiParts): DynamicModule {
    const administration = !parts.adminToken ? [] : [GrantsController, DeadLettersController];
    return {
      module: ApiModule,
      controllers: [
        ServiceController,
        CatalogController,
        SubscriptionsController,
        StatesController,
        TriggersController,
        ConditionsController,
        ...administration,
      ],
      providers: [
        { provide: APP_FILTER, useFactory: () => new ProblemFilter(parts.log) },
        { provide: APP_INTERCEPTOR, useClass: BodyInterceptor },
        { provide: APP_PIPE, useClass: FieldsPipe },
        ...objects(parts),
      ],
    };
  }
}

function objects(parts: ApiParts): Provider[] {
  return [
    { provide: Catalog, useFactory: () => parts.catalog },
    { provide: Health, useFactory: () => parts.health },
    { provide: GrantStore, useFactory: () => parts.grants },
    { provide: DeadLetterStore, useFactory: () => parts.deadLetters },
    { provide: Authenticator, useFactory: () => new Authenticator(parts) },
    { provide: Triggers, useFactory: () => new Triggers(parts) },
    { provide: Subscriptions, useFactory: () => new Subscriptions(parts) },
    { provide: States, useFactory: () => new States(parts) },
  ];
}

export interface HttpAppOptions {
  log: Log;
  /** Origins whose pages may call; none when not given, `*` for any. */
  corsOrigins?: readonly string[];
}

/**
 * Makes the HTTP application around a module that imports `ApiModule.with(…)`. It still has to listen. Bodies are read
 * by the routes that take one, so Nest's own parser stays off.
 */
export async function createHttpApp(
  root: DynamicModule | (new () => object),
  { log, corsOrigins }: HttpAppOptions,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(root, {
    bodyParser: false,
    logger: complaintsOnly(log),
    // Rejects instead of ending the process.
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use(assignRequestId, logRequests(log), setSafetyHeaders);
  if (corsOrigins !== undefined) {
    const origin = corsOrigins.includes('*') ? '*' : [...corsOrigins];
    app.enableCors({ origin, exposedHeaders: ['Link', 'Location', 'Retry-After', 'X-Request-Id'], maxAge: 600 });
  }
  serveDocument(app);
  answerUnreadableRequests(app.getHttpServer());
  return app;
}

/** Of what Nest says of itself only what is wrong is worth a line. */
function complaintsOnly(log: Log): LoggerService {
  const write = (level: 'warn' | 'error') => (message: unknown) =>
    log[level]({ nest: String(message) }, 'Nest complains');
  const nothing = () => undefined;
  return {
    log: nothing,
    debug: nothing,
    verbose: nothing,
    warn: write('warn'),
    error: write('error'),
    fatal: write('error'),
  };
}
