import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCatalog, stagesOf, type Foundation, type Stage } from './app.module.js';
import { readSettings, type Settings } from './config/settings.js';
import { Health } from './observability/health.js';
import { createLog, type Log } from './observability/log.js';
import { Metrics } from './observability/metrics.js';
import { MonitoringServer } from './observability/monitoring-server.js';
import { Database } from './store/database.js';
import { Doorbell } from './store/doorbell.js';
import { Housekeeping } from './store/housekeeping.js';
import { migrate } from './store/migrate.js';

/** A database that starts beside us gets so long; then the orchestrator should know. */
const DATABASE_WAIT_MS = 60_000;
const DATABASE_RETRY_MS = 1_000;

const read = readSettings(process.env);
if (read.kind === 'invalid') {
  process.stderr.write(`The settings are not complete:\n${read.errors.map((error) => `  ${error}\n`).join('')}`);
  process.exit(2);
}
const { settings } = read;
const log = createLog(settings.logLevel, settings.instanceName);
process.on('unhandledRejection', (error) => fail(log, error));
process.on('uncaughtException', (error) => fail(log, error));
try {
  await run(settings, log);
} catch (error) {
  fail(log, error);
}

/** Starts everything and arranges its end; resolves when all of it runs. */
async function run(settings: Settings, log: Log): Promise<void> {
  const metrics = new Metrics({ processMetrics: true });
  const health = new Health();
  let isStarted = false;
  health.register('started', () => isStarted);
  const { host, monitoringPort: port } = settings.http;
  const monitoring = new MonitoringServer({ host, port, metrics, health, log });
  const running: Stage[] = [];
  const end = endOnce(running, settings.shutdownGraceMs, log);
  process.on('SIGTERM', end);
  process.on('SIGINT', end);

  const catalog = readCatalog(settings.catalogFile);
  await monitoring.start();
  const database = await openDatabase(settings, log);
  health.register('database', () => database.isReachable());
  const bell = new Doorbell({ database, log, announce: settings.role !== 'delivery' && settings.role !== 'api' });
  const housekeeping = new Housekeeping({ database, retentionDays: settings.eventRetentionDays, log });
  const foundation: Foundation = { settings, database, catalog, bell, log, metrics, health };
  // What is started first is stopped last, but for the stages: see stagesOf.
  const ground: Stage = {
    name: 'ground',
    start: () => housekeeping.start(),
    async stop() {
      await housekeeping.stop();
      await bell.close();
      await database.close();
      await monitoring.stop();
    },
  };
  await ground.start();
  running.push(ground);
  const stages = stagesOf(foundation);
  for (const [i, stage] of stages.entries()) {
    await stage.start();
    running.splice(i, 0, stage);
  }
  isStarted = true;
  log.info({ role: settings.role }, 'started');
}

/** Migrates and connects; waits for a database that is not there yet, but not for one that refuses us. */
async function openDatabase(settings: Settings, log: Log): Promise<Database> {
  const { url, directUrl, poolSize } = settings.database;
  const lines = (line: string) => log.info({}, line);
  for (const until = Date.now() + DATABASE_WAIT_MS; ; await sleep(DATABASE_RETRY_MS)) {
    try {
      await migrate({ url: directUrl ?? url }, lines);
      const sizes = { controlPoolSize: poolSize, dataPoolSize: poolSize };
      const places = directUrl === undefined ? { url } : { url, directUrl };
      return await Database.open({ ...places, ...sizes, applicationName: `tripline ${settings.instanceName}` }, log);
    } catch (error) {
      if (!isAbsent(error) || Date.now() > until) throw error;
      log.warn({ err: error }, 'the database is not reachable; trying again');
    }
  }
}

/** No answer, or still starting up; anything else, a wrong password for one, does not heal by waiting. */
function isAbsent(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return (
    /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|57P03)$/.test(code) ||
    /timeout/i.test(message)
  );
}

/** Stops what runs, in order, once; a second signal or the end of the grace ends the process as it is. */
function endOnce(running: readonly Stage[], graceMs: number, log: Log): () => void {
  let isEnding = false;
  return () => {
    if (isEnding) process.exit(1);
    isEnding = true;
    log.info({}, 'stopping');
    setTimeout(() => fail(log, new Error(`could not stop within ${graceMs} ms`)), graceMs).unref();
    stopAll(running).then(
      () => {
        log.info({}, 'stopped');
        process.exit(0);
      },
      (error: unknown) => fail(log, error),
    );
  };
}

async function stopAll(stages: readonly Stage[]): Promise<void> {
  for (const stage of stages) await stage.stop();
}

/** The end: what nobody has handled leaves the process in a state that nobody has thought of. */
function fail(log: Log, error: unknown): void {
  log.error({ err: error }, 'the program ends because of an error');
  process.exitCode = 1;
  setImmediate(() => process.exit(1));
}
