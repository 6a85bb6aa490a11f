import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { quotaParts, stagesOf, type Foundation, type Stage } from './app.module.js';
import { ownSecrets } from './config/own-secrets.js';
import { readSettings, type Settings } from './config/settings.js';
import { Health } from './observability/health.js';
import { createLog, type Log } from './observability/log.js';
import { Metrics } from './observability/metrics.js';
import { MonitoringServer } from './observability/monitoring-server.js';
import { Database, type DatabaseWay } from './store/database.js';
import { databaseHintOf, databaseRefusalOf } from './store/database-refusal.js';
import { DatabaseWatch } from './store/database-watch.js';
import { Doorbell } from './store/doorbell.js';
import { Housekeeping } from './store/housekeeping.js';
import { migrate } from './store/migrate.js';
import { readCatalog, readRetrySchedule } from './start-settings.js';
import { SecretBox } from './target/secret-box.js';

/** A database that starts beside us gets so long; then the orchestrator should know. */
const DATABASE_WAIT_MS = 60_000;
const DATABASE_RETRY_MS = 1_000;

/** What has been started, or begins to be, and is to be stopped: the stages, and then what they stand on. */
interface Running {
  stages: Stage[];
  ground: Stage | undefined;
  isStarted: boolean;
  isEnding: boolean;
}

const read = readSettings(process.env);
if (read.kind === 'invalid') {
  process.stderr.write(`The settings are not complete:\n${read.errors.map((error) => `  ${error}\n`).join('')}`);
  process.exit(2);
}
const { settings } = read;
const log = createLog(settings.logLevel, settings.instanceName, undefined, ownSecrets(settings));
process.on('unhandledRejection', (error) => fail(log, error));
process.on('uncaughtException', (error) => fail(log, error));
const running: Running = { stages: [], ground: undefined, isStarted: false, isEnding: false };
const end = endOnce(running, settings.shutdownGraceMs, log);
process.on('SIGTERM', () => end(0));
process.on('SIGINT', () => end(0));
try {
  await run(settings, running, log);
} catch (error) {
  // What is stopped while it starts fails, and how does not matter.
  if (running.isEnding) log.debug({ err: error }, 'the start was broken off');
  else {
    log.error({ err: error }, 'the program ends because of an error');
    end(1);
  }
}

/** Starts everything; resolves when all of it runs, or when it is to end before that. */
async function run(settings: Settings, running: Running, log: Log): Promise<void> {
  const metrics = new Metrics({ processMetrics: true });
  const health = new Health();
  const { host, monitoringPort: port } = settings.http;
  const monitoring = new MonitoringServer({ host, port, metrics, health, log });
  health.register('started', () => running.isStarted);
  // Balancers must hear of the end before anything ends.
  health.register('staying', () => !running.isEnding);
  const catalog = readCatalog(settings.catalogFile);
  const schedule = readRetrySchedule(settings);
  await monitoring.start();
  const database = await openDatabase(settings, log, () => !running.isEnding);
  if (database === undefined) return;
  health.register('database', () => database.isReachable(waysOf(settings.role)));
  const bell = new Doorbell({ database, log, announce: settings.role !== 'delivery' && settings.role !== 'api' });
  const housekeeping = new Housekeeping({
    database,
    retentionDays: settings.eventRetentionDays,
    secrets: new SecretBox(settings.encryptionKeys),
    log,
  });
  const watch = new DatabaseWatch({ database, log });
  const foundation: Foundation = {
    ...{ settings, database, catalog, schedule, bell, log, metrics, health },
    ...quotaParts(database, settings),
  };
  const ground = (running.ground = groundStage({ housekeeping, watch, bell, database, monitoring }));
  // What begins while we end would go on beside what is being stopped.
  if (running.isEnding) return;
  await ground.start();
  if (running.isEnding) return;
  running.stages.push(...stagesOf(foundation));
  await Promise.all(running.stages.map((stage) => stage.start()));
  if (running.isEnding) return;
  running.isStarted = true;
  log.info({ role: settings.role }, 'started');
}

/** What the stages stand on: the last to end. */
function groundStage(parts: {
  housekeeping: Housekeeping;
  watch: DatabaseWatch;
  bell: Doorbell;
  database: Database;
  monitoring: MonitoringServer;
}): Stage {
  const { housekeeping, watch, bell, database, monitoring } = parts;
  return {
    name: 'ground',
    async start() {
      watch.start();
      await housekeeping.start();
    },
    async stop() {
      watch.stop();
      await housekeeping.stop();
      await bell.close();
      await database.close();
      await monitoring.stop();
    },
  };
}

/**
 * Migrates and connects; waits for a database that is not there yet, but not for one that refuses us. Undefined when it
 * is not wanted any more.
 */
async function openDatabase(settings: Settings, log: Log, isWanted: () => boolean): Promise<Database | undefined> {
  const { url, directUrl, poolSize } = settings.database;
  const lines = (line: string) => log.info({}, line);
  for (const until = performance.now() + DATABASE_WAIT_MS; isWanted(); await sleep(DATABASE_RETRY_MS)) {
    try {
      await migrate({ url: directUrl ?? url }, lines);
      const sizes = { controlPoolSize: poolSize, dataPoolSize: poolSize };
      const places = directUrl === undefined ? { url } : { url, directUrl };
      return await Database.open({ ...places, ...sizes, applicationName: `tripline ${settings.instanceName}` }, log);
    } catch (error) {
      const refusal = databaseRefusalOf(error);
      if (refusal) throw new Error(refusal.text, { cause: error });
      if (!isAbsent(error) || performance.now() > until) throw error;
      log.warn({ err: error }, `the database is not reachable; ${databaseHintOf(error) ?? 'trying again'}`);
    }
  }
  return undefined;
}

/** Engines go past a pooler with all that they do. */
function waysOf(role: Settings['role']): DatabaseWay[] {
  return role === 'engine' ? ['data'] : ['control', 'data'];
}

/** No answer, or still starting up; anything else does not heal by waiting. */
function isAbsent(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return (
    /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|57P0[1-3])$/.test(code) ||
    /timeout|^Connection terminated/i.test(message)
  );
}

/** Stops what runs, once; a second signal or the end of the grace ends the process as it is. */
function endOnce(running: Running, graceMs: number, log: Log): (exitCode: number) => void {
  return (exitCode) => {
    if (running.isEnding) process.exit(1);
    running.isEnding = true;
    log.info({}, 'stopping');
    setTimeout(() => fail(log, new Error(`could not stop within ${graceMs} ms`)), graceMs).unref();
    void stopAll(running, log).then((isClean) => {
      log.info({}, 'stopped');
      process.exit(isClean ? exitCode : 1);
    });
  };
}

/**
 * Stops the stages together, so that each has the whole grace, then the ground; whether all went well. A stage that fails
 * keeps no other from its end.
 */
async function stopAll({ stages, ground }: Running, log: Log): Promise<boolean> {
  const stop = async (stage: Stage): Promise<boolean> => {
    try {
      await stage.stop();
      log.info({ stage: stage.name }, 'stage stopped');
      return true;
    } catch (error) {
      log.error({ stage: stage.name, err: error }, 'a stage could not be stopped in order');
      return false;
    }
  };
  const areClean = await Promise.all(stages.map(stop));
  return (ground === undefined || (await stop(ground))) && areClean.every(Boolean);
}

/** The end: what nobody has handled leaves the process in a state that nobody has thought of. */
function fail(log: Log, error: unknown): void {
  log.error({ err: error }, 'the program ends because of an error');
  process.exitCode = 1;
  setImmediate(() => process.exit(1));
}
