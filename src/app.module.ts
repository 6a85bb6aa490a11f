/** The composition root: which object gets which, per role. Nothing else makes the objects that hold state or do I/O. */
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DimoPermissions } from './access/dimo-permissions.js';
import { AnyLicense, IdentityLicenses } from './access/license-directory.js';
import type { PermissionProvider } from './access/permission-provider.js';
import { Revoker } from './access/revoker.js';
import { TokenVerifier } from './access/token-verifier.js';
import { ApiModule, createHttpApp } from './api/api.module.js';
import type { ApiParts } from './api/api-parts.js';
import { apiStores } from './api/api-stores.js';
import type { Settings } from './config/settings.js';
import type { Catalog } from './core/catalog.js';
import { isGated } from './core/quota.js';
import type { RetrySchedule } from './core/retry-schedule.js';
import { PermissionPatrol } from './delivery/permission-patrol.js';
import { Sender } from './delivery/sender.js';
import { requestsMax } from './delivery/lanes.js';
import { Engine } from './engine/engine.js';
import { TriggerIndex } from './engine/trigger-index.js';
import { brokerTls } from './ingest/broker-tls.js';
import { KafkaSource } from './ingest/kafka-source.js';
import type { Health } from './observability/health.js';
import type { Log } from './observability/log.js';
import type { Metrics } from './observability/metrics.js';
import { ChunkStore } from './store/chunks.js';
import type { Database } from './store/database.js';
import { databaseNowMs } from './store/database-time.js';
import type { Doorbell } from './store/doorbell.js';
import { EndpointHealthStore } from './store/endpoint-health.js';
import { GrantStore } from './store/grants.js';
import { IndexLog } from './store/index-log.js';
import { LogFeed } from './store/log-feed.js';
import { PendingDeliveries } from './store/pending-deliveries.js';
import { PermissionRounds } from './store/permission-rounds.js';
import { DeliveryQueue } from './store/queue.js';
import { QuotaBlocks } from './store/quota-blocks.js';
import { QuotaNotices } from './store/quota-notices.js';
import { QuotaStore } from './store/quotas.js';
import { RevocationStore } from './store/revocations.js';
import { StateStore } from './store/states.js';
import { permissionsOf } from './start-permissions.js';
import { retryTotalMaxMs } from './start-settings.js';
import { AddressGuard } from './target/address-guard.js';
import { Handshake } from './target/handshake.js';
import { TargetClient } from './target/http-client.js';
import { SecretBox } from './target/secret-box.js';

/** The parts of the grace that requests of the REST API get before their connections are cut, and engines to end. */
const [REQUESTS_GRACE, ENGINE_GRACE] = [1 / 4, 3 / 4];

/** The build puts the console beside the program. */
const CONSOLE_FOLDER = fileURLToPath(new URL('console', import.meta.url));

/** The limits of licenses, and what this process takes of their minutes. */
export function quotaParts(database: Database, settings: Settings): Pick<Foundation, 'quotas' | 'quotaBlocks'> {
  const quotas = new QuotaStore(database, settings.quotas);
  const quotaBlocks = new QuotaBlocks({ take: (needs) => quotas.take(needs), now: () => performance.now() });
  return { quotas, quotaBlocks };
}

/** What every stage is made from. */
export interface Foundation {
  settings: Settings;
  database: Database;
  catalog: Catalog;
  schedule: RetrySchedule;
  bell: Doorbell;
  quotas: QuotaStore;
  /** What this process took of the minutes of licenses. */
  quotaBlocks: QuotaBlocks;
  log: Log;
  metrics: Metrics;
  health: Health;
}

/** A part of the program that runs until it is stopped. */
export interface Stage {
  name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The stages of a role. They need nothing of each other: they start and stop together, also in the middle of a start. */
export function stagesOf(foundation: Foundation): Stage[] {
  const { role } = foundation.settings;
  return [
    ...(role === 'all' || role === 'api' ? [apiStage(foundation)] : []),
    ...(role === 'all' || role === 'engine' ? [engineStage(foundation)] : []),
    ...(role === 'all' || role === 'delivery' ? [deliveryStage(foundation)] : []),
  ];
}

function apiStage(foundation: Foundation): Stage {
  const { settings, database, log } = foundation;
  const client = targetClient(settings, settings.delivery.concurrency, log);
  const permissions = permissionsOf(settings, new GrantStore(database), {
    cacheSeconds: settings.permissionCacheSeconds,
    log,
  });
  const root = ApiModule.with(apiParts(foundation, { client, permissions }));
  let app: NestExpressApplication | undefined;
  let isDraining = false;
  return {
    name: 'api',
    async start() {
      const { corsOrigins, console: site } = settings.http;
      const place = site && { folder: CONSOLE_FOLDER, ...given({ signInFile: site.signInFile }) };
      app = await createHttpApp(root, { log, corsOrigins, ...given({ console: place }) });
      if (isDraining) return;
      app.getHttpServer().prependListener('request', (_request: unknown, response: ServerResponse) => {
        if (isDraining) response.setHeader('Connection', 'close');
      });
      await app.listen(settings.http.port, settings.http.host);
      const { port } = app.getHttpServer().address() as { port: number };
      log.info({ port }, 'REST API is listening');
    },
    async stop() {
      // Balancers take a while to see that we are not ready, and clients keep connections: both are sent away politely.
      isDraining = true;
      if (app) await sleep(settings.shutdownDrainMs);
      const server = app?.getHttpServer();
      const closePermissions = () => permissions instanceof DimoPermissions && permissions.close();
      // A request that is slow, or was never sent to its end, must not take the time that all stages have, and neither
      // must a bulk call that waits for permissions.
      const cut = setTimeout(() => {
        server?.closeAllConnections();
        closePermissions();
      }, settings.shutdownGraceMs * REQUESTS_GRACE);
      await app?.close();
      clearTimeout(cut);
      await client.close();
      closePermissions();
    },
  };
}

function apiParts(
  { settings, database, catalog, quotas, quotaBlocks, log, health }: Foundation,
  { client, permissions }: { client: TargetClient; permissions: PermissionProvider },
): ApiParts {
  const { jwksUrl, issuer, audience } = settings.tokens;
  return {
    ...{
      catalog,
      client,
      permissions,
      quotaBlocks,
      log,
      health,
      eventRetentionDays: settings.eventRetentionDays,
      failureLimits: { hours: settings.delivery.maxFailureHours, count: settings.delivery.maxFailureCount },
    },
    ...apiStores(database, quotas),
    feed: new LogFeed({ database, log }),
    licenses: settings.dimo ? new IdentityLicenses({ identityUrl: settings.dimo.identityUrl, log }) : new AnyLicense(),
    tokens: new TokenVerifier({ jwksUrl, log, now: databaseNowMs, ...given({ issuer, audience }) }),
    handshake: new Handshake({ client }),
    secrets: new SecretBox(settings.encryptionKeys),
    retryTotalMaxMs: retryTotalMaxMs(settings),
    ...given({ adminToken: settings.http.adminToken, vehicleNft: vehicleNft(settings) }),
  };
}

function engineStage({ settings, database, catalog, bell, quotaBlocks, log, metrics, health }: Foundation): Stage {
  const {
    brokers,
    groupId,
    ssl,
    sslAuthorityFile,
    sasl,
    signalsTopic,
    eventsTopic,
    createTopicsPartitions,
    sessionMs,
  } = settings.kafka;
  const chunks = new ChunkStore(database);
  const index = new TriggerIndex({ changes: new IndexLog(database), log, metrics });
  const ring = (endpointIds: string[]) => bell.ring(endpointIds);
  const states = new StateStore(database);
  const pending = new PendingDeliveries(database);
  const parts = { index, chunks, states, pending, quotaBlocks, catalog, ring, log, metrics };
  const engine = new Engine({ ...parts, limits: settings.quotas });
  const source = new KafkaSource({
    ...{ engine, chunks, log, metrics, brokers, groupId },
    clientId: settings.instanceName,
    topics: [
      { topic: signalsTopic, metricKind: 'signal' },
      { topic: eventsTopic, metricKind: 'event' },
    ],
    ssl: brokerTls(ssl, sslAuthorityFile),
    ...given({ sasl, createTopics: createTopicsPartitions }),
    times: { sessionMs, heartbeatMs: Math.min(1_000, sessionMs / 3) },
  });
  health.register('kafka', () => source.isHealthy());
  return {
    name: 'engine',
    async start() {
      await Promise.all([source.check(), engine.load()]);
      log.info({ seq: String(index.seq), ...index.size }, 'index is loaded');
      source.start();
    },
    stop: () => source.stop(settings.shutdownGraceMs * ENGINE_GRACE),
  };
}

function deliveryStage({
  settings,
  database,
  catalog,
  schedule,
  bell,
  quotaBlocks,
  log,
  metrics,
  health,
}: Foundation): Stage {
  const { concurrency, concurrencyPerEndpoint, timeoutMs, leaseSeconds, maxFailureHours, maxFailureCount } =
    settings.delivery;
  // All of them: endpoints of many licenses share an origin, and one that hangs must not use up its connections.
  const client = targetClient(settings, requestsMax(concurrency), log);
  // The sender remembers permissions itself, for no longer than the setting says.
  const permissions = permissionsOf(settings, new GrantStore(database), { cacheSeconds: 0, log });
  const revoker = new Revoker({ permissions, catalog, log, revocations: new RevocationStore(database) });
  const revoke = (license: string, vehicle: string) => revoker.revoke(license, vehicle);
  const sender = new Sender({
    ...{ client, bell, schedule, permissions, catalog, concurrency, concurrencyPerEndpoint, timeoutMs, log, metrics },
    queue: new DeliveryQueue(database, {
      ...{ lifeSeconds: leaseSeconds, isGated: isGated(settings.quotas), grantsDecide: permissions.grantsDecide },
    }),
    limits: { blocks: quotaBlocks, notices: new QuotaNotices(database) },
    secrets: new SecretBox(settings.encryptionKeys),
    health: new EndpointHealthStore(database),
    revoke,
    permissionCacheMs: settings.permissionCacheSeconds * 1_000,
    failureLimits: { hours: maxFailureHours, count: maxFailureCount },
  });
  const rounds = new PermissionRounds(database);
  const patrol = new PermissionPatrol({ rounds, permissions: sender.permissions, catalog, revoke, log });
  health.register('delivery', () => sender.isHealthy());
  return {
    name: 'delivery',
    async start() {
      await sender.start();
      patrol.start();
    },
    async stop() {
      const patrolled = patrol.stop(settings.shutdownGraceMs / 2);
      await sender.stop(settings.shutdownGraceMs / 2);
      await client.close();
      if (permissions instanceof DimoPermissions) permissions.close();
      await patrolled;
    },
  };
}

function targetClient(settings: Settings, connectionsPerOrigin: number, log: Log): TargetClient {
  return new TargetClient({
    guard: new AddressGuard({ allow: settings.targetAllow }),
    ...given({ proxyUrl: settings.targetProxyUrl }),
    timeoutMs: settings.delivery.timeoutMs,
    connectionsPerOrigin,
    log,
  });
}

function vehicleNft({ vehicleContract }: Settings): { chainId: number; contract: string } | undefined {
  return vehicleContract && { chainId: vehicleContract.chainId, contract: vehicleContract.address };
}

/** Only the members that have a value. */
function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}
