import { hostname } from 'node:os';
import { environment } from './environment.js';
import type { Environment } from './environment.js';
import { brokenRules, brokenTimes } from './setting-rules.js';

/** What the program is told from outside, in its own words. Times are in ms unless the name says otherwise. */
export interface Settings {
  role: 'all' | 'api' | 'engine' | 'delivery';
  instanceName: string;
  logLevel: string;
  shutdownGraceMs: number;
  /** The part of the grace in which the REST API goes on answering. */
  shutdownDrainMs: number;
  http: {
    host: string;
    port: number;
    monitoringPort: number;
    adminToken: string | undefined;
    /** Pages of these may call; `*` for any. */
    corsOrigins: string[];
    /** Undefined: no console is served. */
    console: { signInFile: string | undefined } | undefined;
  };
  database: { url: string; directUrl: string | undefined; poolSize: number };
  kafka: {
    brokers: string[];
    groupId: string;
    ssl: boolean;
    /** A PEM file of authorities; undefined: those that Node trusts. */
    sslAuthorityFile: string | undefined;
    sasl: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string } | undefined;
    signalsTopic: string;
    eventsTopic: string;
    sessionMs: number;
    /** Undefined: topics are not created. */
    createTopicsPartitions: number | undefined;
  };
  catalogFile: string | undefined;
  tokens: { jwksUrl: string; issuer: string | undefined; audience: string | undefined };
  /** Undefined: permissions are grants of our own. */
  dimo: { identityUrl: string; tokenExchangeAddress: string } | undefined;
  permissionCacheSeconds: number;
  /** Every license may read every vehicle. */
  allowsAll: boolean;
  /** What the DIDs of a license's vehicles must name to be subscribed by "all"; undefined takes every vehicle. */
  vehicleContract: { chainId: number; address: string } | undefined;
  /** The first one encrypts, all decrypt; 32 bytes each. */
  encryptionKeys: Buffer[];
  /** Networks, addresses and `address:port` pairs, as `AddressGuard` takes them. */
  targetAllow: string[];
  /** The proxy of all connections to targets, with its credentials, as `TargetClient` takes it. */
  targetProxyUrl: string | undefined;
  delivery: {
    timeoutMs: number;
    /** For `parseRetrySchedule`. */
    retrySchedule: string;
    concurrency: number;
    concurrencyPerEndpoint: number;
    leaseSeconds: number;
    /** Failed firings in a row; undefined: only time counts. */
    maxFailureCount: number | undefined;
    maxFailureHours: number;
  };
  /** Of one license, by the names of `core/quota`. */
  quotas: {
    webhooks: number;
    endpoints: number;
    subscriptions: number;
    apiKeys: number;
    requestsPerMinute: number;
    probesPerMinute: number;
    firingsPerMinute: number;
    deliveriesPerMinute: number;
    pendingDeliveries: number;
  };
  eventRetentionDays: number;
}

export type ReadSettings = { kind: 'ok'; settings: Settings } | { kind: 'invalid'; errors: string[] };

/** Variables whose values are never repeated in an error. */
const SECRETS = new Set([
  'ADMIN_TOKEN',
  'DATABASE_URL',
  'DATABASE_DIRECT_URL',
  'DB_PASSWORD',
  'KAFKA_SASL_PASSWORD',
  'SECRET_ENCRYPTION_KEY',
  'TARGET_PROXY_URL',
]);

const ECHO_LENGTH_MAX = 100;

/**
 * Reads all settings from environment variables. Blank variables count as not set. Either everything is right, or every
 * error is named at once, each with its variable and what it should be. `hostName` is the instance's name where none is
 * set.
 */
export function readSettings(env: Record<string, string | undefined>, hostName: string = hostname()): ReadSettings {
  const given = givenValues(env);
  const parsed = environment.safeParse(given);
  const errors = parsed.success ? [] : parsed.error.issues.map((issue) => describe(issue, given));
  errors.push(...brokenRules(given));
  if (parsed.success) errors.push(...brokenTimes(parsed.data));
  if (!parsed.success || errors.length > 0) return { kind: 'invalid', errors };
  return { kind: 'ok', settings: arrange(parsed.data, hostName) };
}

/** The variables that are ours and not blank, without blanks around them. */
function givenValues(env: Record<string, string | undefined>): Record<string, string> {
  const given: Record<string, string> = {};
  for (const name of Object.keys(environment.shape)) {
    const text = env[name]?.trim();
    if (text) given[name] = text;
  }
  return given;
}

function describe(issue: { path: PropertyKey[]; message: string }, given: Record<string, string>): string {
  const name = String(issue.path[0]);
  const text = given[name];
  if (text === undefined) return `${name} is not set: it must be ${issue.message}`;
  const isTold = !SECRETS.has(name) && !text.includes('@');
  return `${name} must be ${issue.message}${isTold ? `, but is "${text.slice(0, ECHO_LENGTH_MAX)}"` : ''}`;
}

function arrange(env: Environment, hostName: string): Settings {
  return {
    role: env.ROLE,
    instanceName: env.INSTANCE_NAME ?? hostName,
    logLevel: env.LOG_LEVEL,
    shutdownGraceMs: env.SHUTDOWN_GRACE_SECONDS * 1000,
    shutdownDrainMs: drainMs(env),
    http: {
      host: env.HOST,
      port: env.PORT,
      monitoringPort: env.MON_PORT,
      adminToken: env.ADMIN_TOKEN,
      corsOrigins: env.CORS_ORIGINS ?? [],
      console: env.CONSOLE === 'on' ? { signInFile: env.CONSOLE_SIGN_IN_FILE } : undefined,
    },
    database: {
      url: env.DATABASE_URL ?? databaseUrl(env),
      directUrl: env.DATABASE_DIRECT_URL,
      poolSize: env.DATABASE_POOL_SIZE,
    },
    kafka: arrangeKafka(env),
    catalogFile: env.CATALOG_FILE,
    tokens: { jwksUrl: env.JWK_KEY_SET_URL, issuer: env.JWT_ISSUER, audience: env.JWT_AUDIENCE },
    ...arrangePermissions(env),
    encryptionKeys: env.SECRET_ENCRYPTION_KEY,
    targetAllow: env.TARGET_ALLOW_CIDRS ?? [],
    targetProxyUrl: env.TARGET_PROXY_URL,
    delivery: {
      timeoutMs: env.DELIVERY_TIMEOUT_SECONDS * 1000,
      retrySchedule: env.DELIVERY_RETRY_SCHEDULE,
      concurrency: env.DELIVERY_CONCURRENCY,
      concurrencyPerEndpoint: env.DELIVERY_CONCURRENCY_PER_ENDPOINT,
      leaseSeconds: env.DELIVERY_LEASE_SECONDS,
      maxFailureCount: env.MAX_WEBHOOK_FAILURE_COUNT,
      maxFailureHours: env.MAX_WEBHOOK_FAILURE_HOURS,
    },
    quotas: {
      webhooks: env.QUOTA_WEBHOOKS,
      endpoints: env.QUOTA_ENDPOINTS,
      subscriptions: env.QUOTA_SUBSCRIPTIONS,
      apiKeys: env.QUOTA_API_KEYS,
      requestsPerMinute: env.QUOTA_REQUESTS_PER_MINUTE,
      probesPerMinute: env.QUOTA_PROBES_PER_MINUTE,
      firingsPerMinute: env.QUOTA_FIRINGS_PER_MINUTE,
      deliveriesPerMinute: env.QUOTA_DELIVERIES_PER_MINUTE,
      pendingDeliveries: env.QUOTA_PENDING_DELIVERIES,
    },
    eventRetentionDays: env.EVENT_RETENTION_DAYS,
  };
}

const DRAIN_MS = 2_000;

/** An API that nobody set a time for leaves most of a short grace to what is under way. */
function drainMs({ SHUTDOWN_DRAIN_SECONDS: set, SHUTDOWN_GRACE_SECONDS: graceSeconds }: Environment): number {
  return set === undefined ? Math.min(DRAIN_MS, graceSeconds * 250) : set * 1000;
}

function arrangeKafka(env: Environment): Settings['kafka'] {
  const [mechanism, username, password] = [env.KAFKA_SASL_MECHANISM, env.KAFKA_SASL_USERNAME, env.KAFKA_SASL_PASSWORD];
  return {
    brokers: env.KAFKA_BROKERS,
    groupId: env.KAFKA_GROUP_ID,
    ssl: env.KAFKA_SSL,
    sslAuthorityFile: env.KAFKA_SSL_CA_FILE,
    sasl: mechanism && username && password ? { mechanism, username, password } : undefined,
    signalsTopic: env.DEVICE_SIGNALS_TOPIC,
    eventsTopic: env.DEVICE_EVENTS_TOPIC,
    sessionMs: env.KAFKA_SESSION_TIMEOUT_MS,
    createTopicsPartitions: env.KAFKA_CREATE_TOPICS_PARTITIONS,
  };
}

function arrangePermissions(
  env: Environment,
): Pick<Settings, 'dimo' | 'permissionCacheSeconds' | 'allowsAll' | 'vehicleContract'> {
  const [identityUrl, tokenExchangeAddress] = [env.IDENTITY_API_URL, env.TOKEN_EXCHANGE_GRPC_ADDR];
  const [address, chainId] = [env.VEHICLE_NFT_ADDRESS, env.DIMO_REGISTRY_CHAIN_ID];
  return {
    dimo: identityUrl && tokenExchangeAddress ? { identityUrl, tokenExchangeAddress } : undefined,
    permissionCacheSeconds: env.PERMISSION_CACHE_SECONDS,
    allowsAll: env.PERMISSIONS_ALLOW_ALL,
    vehicleContract: address && chainId ? { address, chainId } : undefined,
  };
}

/**
 * The parts as one URL. `require` means here what it means to libpq, an encrypted connection to whomever; pg reads it
 * otherwise unless told.
 */
function databaseUrl(env: Environment): string {
  const sslModes = {
    disable: 'sslmode=disable',
    require: 'uselibpqcompat=true&sslmode=require',
    'verify-ca': 'sslmode=verify-full',
    'verify-full': 'sslmode=verify-full',
  };
  const host = env.DB_HOST ?? '';
  const password = env.DB_PASSWORD === undefined ? '' : `:${encodeURIComponent(env.DB_PASSWORD)}`;
  const authority = `${encodeURIComponent(env.DB_USER ?? '')}${password}@${host.includes(':') ? `[${host}]` : host}`;
  const trusted = env.DB_SSL_ROOT_CERT;
  const rootCert = trusted === undefined ? '' : `&sslrootcert=${encodeURIComponent(trusted)}`;
  const name = encodeURIComponent(env.DB_NAME ?? '');
  return `postgres://${authority}:${env.DB_PORT}/${name}?${sslModes[env.DB_SSL_MODE]}${rootCert}`;
}
