import { z } from 'zod';
import {
  list,
  oneOf,
  port,
  readHostPort,
  readKey,
  readNetwork,
  readOrigin,
  readProxyUrl,
  textOf,
  trueOrFalse,
  url,
  value,
  wholeNumber,
} from './setting-values.js';

const POSTGRES = ['postgres', 'postgresql'];
const TOPIC = textOf('a name of a Kafka topic', /^[A-Za-z0-9._-]{1,249}$/);
const WORD = textOf('a text without blanks at its ends', /^\S(.*\S)?$/);
const DURATION = /^\d+(ms|s|m|h)$/;
const QUOTA_MAX = 1_000_000_000;

/**
 * Every setting, by its environment variable: type, default (as it would be written) and description. `readSettings`
 * reads by it, `.env.example` is printed from it. Rules between settings are in `setting-rules.ts`.
 */
export const environment = z.object({
  ROLE: oneOf(['all', 'api', 'engine', 'delivery'])
    .prefault('all')
    .describe('Which stages this process runs: all, api, engine or delivery. Any number of processes may run each.'),
  INSTANCE_NAME: textOf('up to 100 letters, digits and . _ -', /^[A-Za-z0-9._-]{1,100}$/)
    .optional()
    .describe(
      'Name of this process among its equals; partitions stay with a name over a restart. The host name without it.',
    ),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .prefault('info')
    .describe('The least severe log lines that are written: fatal, error, warn, info, debug, trace or silent.'),
  SHUTDOWN_GRACE_SECONDS: wholeNumber(1, 600)
    .prefault('25')
    .describe('How long running work may take to end after SIGTERM. Less than the orchestrator waits before it kills.'),
  SHUTDOWN_DRAIN_SECONDS: wholeNumber(0, 60)
    .optional()
    .describe(
      'How long the REST API goes on answering after SIGTERM, while /ready says no: as long as balancers take to notice. At most half of SHUTDOWN_GRACE_SECONDS. 2 without it, or a quarter of a short grace.',
    ),

  HOST: textOf('a host name or address', /^[A-Za-z0-9.:_-]{1,253}$/)
    .prefault('0.0.0.0')
    .describe('Address that the REST API and the monitoring listen on. 0.0.0.0 is every IPv4 address, :: IPv6 too.'),
  PORT: port().prefault('3003').describe('Port of the REST API. 0 takes a free one.'),
  MON_PORT: port()
    .prefault('8888')
    .describe('Port of /metrics, /health and /ready. Keep it inside: it asks for no token.'),
  CORS_ORIGINS: list(
    'origins such as https://console.example.org, separated by commas, each with its whole host, or * alone for any',
    readOrigin,
  )
    .optional()
    .describe('Origins whose pages may call the REST API, separated by commas; * for any. None without it.'),
  CONSOLE: oneOf(['on', 'off'])
    .prefault('on')
    .describe('Whether the REST API serves the web console, at /console: on or off.'),
  CONSOLE_SIGN_IN_FILE: WORD.optional().describe(
    "JSON file with what the console's sign-in fills in. npm start sets it. Only with a HOST that is this machine alone, since whoever asks gets the token in it.",
  ),
  ADMIN_TOKEN: textOf('at least 16 characters of printable ASCII without blanks', /^[\x21-\x7e]{16,}$/)
    .optional()
    .describe(
      'Bearer token of operators for /v1/admin, at least 16 characters of printable ASCII without blanks. Those routes do not exist without it.',
    ),

  DATABASE_URL: url(...POSTGRES)
    .optional()
    .describe('PostgreSQL 15 or newer: postgres://user:password@host:5432/name. Required, unless DB_HOST is set.'),
  DATABASE_DIRECT_URL: url(...POSTGRES)
    .optional()
    .describe('The same database past a pooler, when DATABASE_URL leads to one that pools by transaction.'),
  DATABASE_POOL_SIZE: wholeNumber(2, 200)
    .prefault('10')
    .describe('Connections in each of the two pools of a process, one for REST and one for engine and delivery.'),
  DB_HOST: textOf('a host name or address', /^[A-Za-z0-9.:_-]{1,253}$/)
    .optional()
    .describe('The database in parts, instead of DATABASE_URL, which wins if both are set.'),
  DB_PORT: wholeNumber(1, 65_535).prefault('5432').describe('Port beside DB_HOST.'),
  DB_USER: WORD.optional().describe('User beside DB_HOST; required there.'),
  DB_PASSWORD: value('a text', (text) => text)
    .optional()
    .describe('Password beside DB_HOST.'),
  DB_NAME: WORD.optional().describe('Name of the database beside DB_HOST; required there.'),
  DB_SSL_MODE: oneOf(['disable', 'require', 'verify-ca', 'verify-full'])
    .prefault('disable')
    .describe(
      'TLS beside DB_HOST: disable, require (certificate unchecked), verify-ca or verify-full (both check all).',
    ),
  DB_SSL_ROOT_CERT: WORD.optional().describe(
    'Path of the certificates (PEM) that are trusted beside DB_HOST. The known authorities and NODE_EXTRA_CA_CERTS without it.',
  ),

  KAFKA_BROKERS: list('a list of host:port, separated by commas', readHostPort).describe(
    'Apache Kafka, as host:port separated by commas. Required.',
  ),
  KAFKA_GROUP_ID: textOf('a name of a consumer group', /^[A-Za-z0-9._-]{1,249}$/)
    .prefault('vehicle-triggers')
    .describe('Consumer group. Where it has committed offsets and we have none yet, reading begins there.'),
  KAFKA_SESSION_TIMEOUT_MS: wholeNumber(1_000, 1_800_000)
    .prefault('10000')
    .describe(
      'How long the partitions of an engine that was killed stand still. Brokers allow 6000 and more by default.',
    ),
  KAFKA_SSL: trueOrFalse().prefault('false').describe('Whether brokers are reached over TLS.'),
  KAFKA_SSL_CA_FILE: WORD.optional().describe(
    "PEM file with the authorities that brokers' certificates may come from, instead of the usual ones. Only with KAFKA_SSL.",
  ),
  KAFKA_SASL_MECHANISM: oneOf(['plain', 'scram-sha-256', 'scram-sha-512'])
    .optional()
    .describe('plain, scram-sha-256 or scram-sha-512; with user name and password. No log-in without it.'),
  KAFKA_SASL_USERNAME: WORD.optional().describe('User name of the log-in.'),
  KAFKA_SASL_PASSWORD: value('a text', (text) => text)
    .optional()
    .describe('Password of the log-in.'),
  DEVICE_SIGNALS_TOPIC: TOPIC.prefault('topic.device.signals').describe('Topic of signals.'),
  DEVICE_EVENTS_TOPIC: TOPIC.prefault('topic.device.events').describe('Topic of events.'),
  KAFKA_CREATE_TOPICS_PARTITIONS: wholeNumber(1, 10_000)
    .optional()
    .describe('Creates topics that are missing at start, with so many partitions. They are waited for without it.'),
  CATALOG_FILE: WORD.optional().describe('JSON file with signals and events beside the built-in ones.'),

  JWK_KEY_SET_URL: url('https', 'http').describe('Where the token issuer publishes its keys (JWKS). Required.'),
  JWT_ISSUER: WORD.optional().describe('What the claim iss of a token must be. Unchecked without it.'),
  JWT_AUDIENCE: WORD.optional().describe('What the claim aud of a token must hold. Unchecked without it.'),
  IDENTITY_API_URL: url('https', 'http')
    .optional()
    .describe("DIMO's identity-api: licenses and shared vehicles. Without it permissions are grants, kept over REST."),
  TOKEN_EXCHANGE_GRPC_ADDR: value('host:port', readHostPort)
    .optional()
    .describe("DIMO's token-exchange over gRPC, as host:port. Only together with IDENTITY_API_URL."),
  PERMISSION_CACHE_SECONDS: wholeNumber(0, 60)
    .prefault('60')
    .describe('How long a permission that was given is believed without asking again, at most 60. 0 asks each time.'),
  PERMISSIONS_ALLOW_ALL: trueOrFalse()
    .prefault('false')
    .describe(
      'Lets every license read every vehicle, for demonstrations: only on a database of this machine, set by DB_HOST.',
    ),
  VEHICLE_NFT_ADDRESS: textOf('an Ethereum address, 0x and 40 hexadecimal digits', /^0x[0-9a-fA-F]{40}$/)
    .optional()
    .describe('Contract of the vehicles that subscribing to all takes. All contracts without it.'),
  DIMO_REGISTRY_CHAIN_ID: wholeNumber(1, 999_999_999_999)
    .optional()
    .describe('Chain of that contract. Only together with VEHICLE_NFT_ADDRESS.'),

  SECRET_ENCRYPTION_KEY: list(
    'keys of 32 bytes in base64, separated by commas (openssl rand -base64 32)',
    readKey,
  ).describe(
    'Encrypts signing secrets in the database: 32 bytes in base64 (openssl rand -base64 32). Several by comma: the first encrypts, all decrypt. Required.',
  ),
  TARGET_ALLOW_CIDRS: list('networks (10.0.0.0/8), addresses or address:port, separated by commas', readNetwork)
    .optional()
    .describe('Networks (10.0.0.0/8) and addresses (127.0.0.1:8443) beside the public ones that webhooks may lead to.'),
  TARGET_PROXY_URL: value('a URL such as http://user:password@proxy:3128, http or https', readProxyUrl)
    .optional()
    .describe('Proxy that all connections to webhooks go through, by CONNECT: http(s)://user:password@proxy:3128.'),
  DELIVERY_TIMEOUT_SECONDS: wholeNumber(1, 30).prefault('10').describe('How long a receiver may take to answer.'),
  DELIVERY_RETRY_SCHEDULE: value('stepped, exponential, standard, or a list of delays such as 1s,2m,1h', readSchedule)
    .prefault('stepped')
    .describe(
      'When failed deliveries are tried again: stepped (1m,5m,30m,2h,24h), exponential (30s doubling, 5 retries), standard (Standard Webhooks), or a list such as 1s,2m,1h.',
    ),
  DELIVERY_CONCURRENCY: wholeNumber(1, 5000)
    .prefault('100')
    .describe('Requests to receivers that one process has open at once.'),
  DELIVERY_CONCURRENCY_PER_ENDPOINT: wholeNumber(1, 1000).prefault('10').describe('How many of them to one endpoint.'),
  DELIVERY_LEASE_SECONDS: wholeNumber(2, 300)
    .prefault('15')
    .describe('How long the endpoints of a sender that was killed wait until another process may send to them.'),
  MAX_WEBHOOK_FAILURE_COUNT: wholeNumber(1, 1_000_000)
    .optional()
    .describe('So many firings of a webhook that fail in a row give it up. Time alone does without it.'),
  MAX_WEBHOOK_FAILURE_HOURS: wholeNumber(1, 8760)
    .prefault('120')
    .describe('So many hours of nothing but failures, with 10 attempts at least, give a webhook up.'),
  QUOTA_WEBHOOKS: quota('1000').describe(
    'Webhooks that one license may have. Operators set all of these per license, too.',
  ),
  QUOTA_ENDPOINTS: quota('100').describe('Shared endpoints that one license may have.'),
  QUOTA_SUBSCRIPTIONS: quota('5000000').describe('Vehicles that the webhooks of one license may watch, in all.'),
  QUOTA_API_KEYS: quota('100').describe('API keys that one license may have.'),
  QUOTA_REQUESTS_PER_MINUTE: quota('6000').describe('Requests of one license to the REST API in a minute.'),
  QUOTA_PROBES_PER_MINUTE: quota('60').describe(
    'Handshakes and test events of one license in a minute: what makes us call a target while somebody waits.',
  ),
  QUOTA_FIRINGS_PER_MINUTE: quota('60000').describe(
    'Firings of one license in a minute; what would fire above it is passed over.',
  ),
  QUOTA_DELIVERIES_PER_MINUTE: quota('120000').describe(
    'Requests to the targets of one license in a minute, attempts counted; what is due above it waits.',
  ),
  QUOTA_PENDING_DELIVERIES: quota('1000000').describe(
    'Pending deliveries of one license; those of firings above it are held, for the owner to recover.',
  ),
  EVENT_RETENTION_DAYS: wholeNumber(3, 3650)
    .prefault('30')
    .describe('How long events, deliveries and attempts are kept, at least 3 days.'),
});

export type Environment = z.infer<typeof environment>;

/** A limit of one license, with the number that it has unless it is set. */
function quota(most: string) {
  return wholeNumber(0, QUOTA_MAX).prefault(most);
}

/** The text stays as it is: `parseRetrySchedule` gives it its meaning. Here only what cannot have one is refused. */
function readSchedule(text: string): string | undefined {
  if (['stepped', 'exponential', 'standard'].includes(text)) return text;
  return text.split(',').every((delay) => DURATION.test(delay.trim())) ? text : undefined;
}
