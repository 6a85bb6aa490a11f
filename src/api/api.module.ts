import { Module } from '@nestjs/common';
import type { DynamicModule, LoggerService, Provider } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Revoker } from '../access/revoker.js';
import { Catalog } from '../core/catalog.js';
import { Health } from '../observability/health.js';
import type { Log } from '../observability/log.js';
import { ApiKeyStore } from '../store/api-keys.js';
import { DeadLetterStore } from '../store/dead-letters.js';
import { GrantStore } from '../store/grants.js';
import { OperationStore } from '../store/operations.js';
import { QuotaStore } from '../store/quotas.js';
import { DeadLettersController } from './admin/dead-letters.controller.js';
import { GrantsController } from './admin/grants.controller.js';
import { QuotaController } from './admin/quota.controller.js';
import type { ApiParts } from './api-parts.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { ApiKeys } from './api-keys/api-keys.js';
import { Authenticator } from './authenticator.js';
import { AutoSubscriber } from './auto-subscribe/auto-subscriber.js';
import { BodyInterceptor } from './body.interceptor.js';
import { CatalogController } from './catalog/catalog.controller.js';
import { ConditionsController } from './conditions/conditions.controller.js';
import { consoleHandlers } from './console-page.js';
import type { ConsolePlace } from './console-page.js';
import { corsFor } from './cors.js';
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
import { MeController } from './me/me.controller.js';
import { BulkCalls } from './operations/bulk-calls.js';
import { OperationsController } from './operations/operations.controller.js';
import { serveDocument } from './openapi-page.js';
import { OverviewController } from './overview/overview.controller.js';
import { Overview } from './overview/overview.js';
import { Probes } from './probes.js';
import { ProblemFilter } from './problem.filter.js';
import { assignRequestId } from './request-id.js';
import { logRequests } from './request-log.js';
import { RequestRate } from './request-rate.js';
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
    const administration = !parts.adminToken ? [] : [GrantsController, QuotaController, DeadLettersController];
    return {
      module: ApiModule,
      controllers: [
        ServiceController,
        CatalogController,
        SubscriptionsController,
        OperationsController,
        StatesController,
        StatsController,
        OverviewController,
        TriggersController,
        TriggerActionsController,
        EndpointsController,
        ConditionsController,
        DeliveriesController,
        EventsController,
        StreamController,
        ApiKeysController,
        MeController,
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
  const probes = new Probes(parts);
  const actions = new EndpointActions(parts, probes);
  const bulkCalls = new BulkCalls(parts);
  return [
    { provide: Catalog, useFactory: () => parts.catalog },
    { provide: Health, useFactory: () => parts.health },
    { provide: GrantStore, useFactory: () => parts.grants },
    { provide: QuotaStore, useFactory: () => parts.quotas },
    { provide: ApiKeyStore, useFactory: () => parts.apiKeys },
    { provide: Revoker, useFactory: () => new Revoker(parts) },
    { provide: AutoSubscriber, useFactory: () => new AutoSubscriber(parts) },
    { provide: DeadLetterStore, useFactory: () => parts.deadLetters },
    { provide: IdempotentRequests, useFactory: () => new IdempotentRequests(parts) },
    { provide: Authenticator, useFactory: () => new Authenticator(parts) },
    { provide: RequestRate, useFactory: () => new RequestRate(parts) },
    { provide: Triggers, useFactory: () => new Triggers(parts, probes) },
    { provide: TriggerActions, useFactory: () => new TriggerActions(parts, actions) },
    { provide: Endpoints, useFactory: () => new Endpoints(parts, actions, probes) },
    { provide: OperationStore, useFactory: () => parts.operations },
    { provide: BulkCalls, useFactory: () => bulkCalls },
    { provide: Subscriptions, useFactory: () => new Subscriptions(parts, bulkCalls) },
    { provide: States, useFactory: () => new States(parts) },
    { provide: Stats, useFactory: () => new Stats(parts) },
    { provide: Overview, useFactory: () => new Overview(parts) },
    { provide: Deliveries, useFactory: () => new Deliveries(parts) },
    { provide: ApiKeys, useFactory: () => new ApiKeys(parts) },
    { provide: Events, useFactory: () => new Events(parts) },
    { provide: Streams, useFactory: () => new Streams(parts) },
  ];
}

export interface HttpAppOptions {
  log: Log;
  /** Origins whose pages may call; none when not given, `*` for any. */
  corsOrigins?: readonly string[];
  /** No console is served when not given. */
  console?: ConsolePlace;
}

/**
 * Makes the HTTP application around a module that imports `ApiModule.with(…)`. It still has to listen. Bodies are read
 * by the routes that take one, so Nest's own parser stays off.
 */
export async function createHttpApp(
  root: DynamicModule | (new () => object),
  { log, corsOrigins, console: place }: HttpAppOptions,
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
  if (place !== undefined) app.use('/console', consoleHandlers(place));
  if (corsOrigins !== undefined) app.enableCors(corsFor(corsOrigins));
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
