import { resolve } from 'node:path';

/** What `npm start` was told, by arguments and environment. */
export interface StartOptions {
  dataDir: string;
  isDemo: boolean;
  /** Why there is no demo though nobody declined it. */
  noDemoReason: string | undefined;
  /** What the product listens on. */
  host: string;
  port: number;
  monitoringPort: number;
  topics: { signals: string; events: string };
  /** Every license may read every vehicle. */
  allowsAll: boolean;
  /** Which real parts the environment names; embedded ones stand in for the others. */
  given: { database: boolean; kafka: boolean; tokenIssuer: boolean; permissions: boolean };
}

export type ReadOptions = { kind: 'ok'; options: StartOptions } | { kind: 'invalid'; errors: string[] };

type Variables = Record<string, string | undefined>;

export const USAGE = `Usage: npm start [-- [--no-demo | --demo] [--allow-all]]

Starts Tripline with an embedded PostgreSQL, an embedded Kafka broker, a local token issuer and a demo, each
unless the environment names a real one: DATABASE_URL, KAFKA_BROKERS, JWK_KEY_SET_URL. All data is in .data
(TRIPLINE_DATA_DIR).

  --no-demo    without the demo's vehicles, webhooks and receiver
  --demo       with them, even on a Kafka of your own, whose topics then get the demo's messages
  --allow-all  every license may read every vehicle, without a grant; only with the embedded PostgreSQL
               (as with PERMISSIONS_ALLOW_ALL=true)`;

const ARGUMENTS = new Set(['--no-demo', '--demo', '--allow-all']);

/** Reads arguments (without node and file) and environment; every error is named at once. */
export function readStartOptions(argv: readonly string[], env: Variables): ReadOptions {
  const isGiven = (name: string) => Boolean(env[name]?.trim());
  const given = {
    database: isGiven('DATABASE_URL') || isGiven('DB_HOST'),
    kafka: isGiven('KAFKA_BROKERS'),
    tokenIssuer: isGiven('JWK_KEY_SET_URL'),
    permissions: isGiven('IDENTITY_API_URL'),
  };
  const isKafkaSecured = isGiven('KAFKA_SASL_MECHANISM') || env.KAFKA_SSL?.trim() === 'true';
  const errors = argv.filter((argument) => !ARGUMENTS.has(argument)).map((argument) => `${argument} is no option here`);
  if (argv.includes('--no-demo') && argv.includes('--demo')) errors.push('--demo and --no-demo exclude each other');
  if (given.database && !isGiven('SECRET_ENCRYPTION_KEY')) {
    // A key that is kept here would be lost apart from the database that needs it.
    errors.push('SECRET_ENCRYPTION_KEY must be set beside a database of your own (openssl rand -base64 32)');
  }
  const allowsAll = argv.includes('--allow-all') || /^(true|1)$/i.test(env.PERMISSIONS_ALLOW_ALL?.trim() ?? '');
  if (allowsAll) errors.push(...reasonsAgainstAllowAll(given));
  const port = readPort(env, 'PORT', 3003, errors);
  const monitoringPort = readPort(env, 'MON_PORT', 8888, errors);
  if (port === monitoringPort) errors.push(`PORT and MON_PORT are both ${port}: they need two ports`);
  if (errors.length > 0) return { kind: 'invalid', errors };
  const noDemoReason = reasonAgainstDemo(given, isKafkaSecured, argv.includes('--demo'));
  const topics = {
    signals: env.DEVICE_SIGNALS_TOPIC?.trim() || 'topic.device.signals',
    events: env.DEVICE_EVENTS_TOPIC?.trim() || 'topic.device.events',
  };
  // Tokens are printed, so this is for this machine alone unless told otherwise.
  const host = env.HOST?.trim() || '127.0.0.1';
  const dataDir = resolve(env.TRIPLINE_DATA_DIR?.trim() || '.data');
  const isDemo = !argv.includes('--no-demo') && noDemoReason === undefined;
  const places = { dataDir, host, port, monitoringPort, topics };
  return { kind: 'ok', options: { ...places, isDemo, noDemoReason, allowsAll, given } };
}

/** Where there may be vehicles of others, somebody else says who reads them. */
function reasonsAgainstAllowAll({ database, permissions }: StartOptions['given']): string[] {
  return [
    ...(database ? ['--allow-all is not for a database of your own: it lets every license read every vehicle'] : []),
    ...(permissions ? ['--allow-all is not for permissions of your own: IDENTITY_API_URL is set'] : []),
  ];
}

function reasonAgainstDemo(
  given: StartOptions['given'],
  isKafkaSecured: boolean,
  isDemoWanted: boolean,
): string | undefined {
  if (given.tokenIssuer) return 'JWK_KEY_SET_URL is set, so there is nobody who issues the demo a token';
  if (given.permissions) return 'IDENTITY_API_URL is set, and the demo owns no vehicle there';
  if (given.kafka && isKafkaSecured) return 'the demo speaks to Kafka without TLS and log-in';
  if (given.kafka && !isDemoWanted) {
    return 'KAFKA_BROKERS is set, and its topics are not for made-up vehicles; --demo has it all the same';
  }
  return undefined;
}

function readPort(env: Variables, name: string, fallback: number, errors: string[]): number {
  const text = env[name]?.trim();
  if (!text) return fallback;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    errors.push(`${name} must be a port from 1 to 65535, but is "${text}"`);
  return port;
}
