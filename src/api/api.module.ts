import { Module } from '@nestjs/common';
import type { DynamicModule, LoggerService, Provider } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Catalog } from '../core/catalog.js';
import { Health } from '../observability/health.js';
import type { Log } from '../observability/log.js';
import { DeadLetterStore } from '../store/dead-letters.js';
import { GrantStore } from '../store/grants.js';
import { OperationStore } from '../store/operations.js';
import { DeadLettersController } from './admin/dead-letters.controller.js';
import { GrantsController } from './admin/grants.controller.js';
import type { ApiParts } from './api-parts.js';
import { Authenticator } from './authenticator.js';
import { BodyInterceptor } from './body.interceptor.js';
import { CatalogController } from './catalog/catalog.controller.js';
import { ConditionsController } from './conditions/conditions.controller.js';
import { DeliveriesController } from './deliveries/deliveries.controller.js';
import { Deliveries } from './deliveries/deliveries.js';
import { EventsController } from './events/events.controller.js';
import { Events } from './events/events.js';
import { EndpointActions } from './endpoint-actions.js';
import { EndpointsController } from './endpoints/endpoints.controller.js';
import { Endpoints } from './endpoints/endpoints.js';
import { FieldsPipe } from './fields.pipe.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { IdempotentRequests } from './idempotent-requests.js';
import { BulkCalls } from './operations/bulk-calls.js';
import { OperationsController } from './operations/operations.controller.js';
import { serveDocument } from './openapi-page.js';
import { ProblemFilter } from './problem.filter.js';
import { assignRequestId } from './request-id.js';
import { logRequests } from './request-log.js';
import { setSafetyHeaders } from './safety-headers.js';
import { ServiceController } from './service/service.controller.js';
import { StatesController } from './states/states.controller.js';
import { States } from './states/states.js';
import { StatsController } from './stats/stats.controller.js';
import { Stats } from './stats/stats.js';
import { StreamController } from './stream/stream.controller.js';
import { Streams } from './stream/streams.js';
import { SubscriptionsController } from './subscriptions/subscriptions.controller.js';
import { Subscriptions } from './subscriptions/subscriptions.js';
import { TriggerActionsController } from './triggers/trigger-actions.controller.js';
import { TriggerActions } from './triggers/trigger-actions.js';
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
        OperationsController,
        StatesController,
        StatsController,
        TriggersController,
        TriggerActionsController,
        EndpointsController,
        ConditionsController,
        DeliveriesController,
        EventsController,
        StreamController,
        ...administration,
      ],
      providers: [
        { provide: APP_FILTER, useFactory: () => new ProblemFilter(parts.log) },
        // In this order: what is read of the body says whether a request is a repetition.
        { provide: APP_INTERCEPTOR, useClass: BodyInterceptor },
        { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
        { provide: APP_PIPE, useClass: FieldsPipe },
        ...objects(parts),
      ],
    };
  }
}

function objects(parts: ApiParts): Provider[] {
  const actions = new EndpointActions(parts);
  const bulkCalls = new BulkCalls(parts);
  return [
    { provide: Catalog, useFactory: () => parts.catalog },
    { provide: Health, useFactory: () => parts.health },
    { provide: GrantStore, useFactory: () => parts.grants },
    { provide: DeadLetterStore, useFactory: () => parts.deadLetters },
    { provide: IdempotentRequests, useFactory: () => new IdempotentRequests(parts) },
    { provide: Authenticator, useFactory: () => new Authenticator(parts) },
    { provide: Triggers, useFactory: () => new Triggers(parts) },
    { provide: TriggerActions, useFactory: () => new TriggerActions(parts, actions) },
    { provide: Endpoints, useFactory: () => new Endpoints(parts, actions) },
    { provide: OperationStore, useFactory: () => parts.operations },
    { provide: BulkCalls, useFactory: () => bulkCalls },
    { provide: Subscriptions, useFactory: () => new Subscriptions(parts, bulkCalls) },
    { provide: States, useFactory: () => new States(parts) },
    { provide: Stats, useFactory: () => new Stats(parts) },
    { provide: Deliveries, useFactory: () => new Deliveries(parts) },
    { provide: Events, useFactory: () => new Events(parts) },
    { provide: Streams, useFactory: () => new Streams(parts) },
  ];
}

export interface HttpAppOptions {
  log: Log;
  /** Origins whose pages may call; none when not given, `*` for any. */
  corsOrigins?: readonly string[];
}

/** What scripts of other origins may read of an answer besides the usual. */
const EXPOSED_HEADERS = ['Idempotency-Replayed', 'Link', 'Location', 'Retry-After', 'X-Request-Id'];

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
    app.enableCors({ origin, exposedHeaders: EXPOSED_HEADERS, maxAge: 600 });
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
