/** Settings of which either all are set or none, and what they are for. */
const TOGETHER: readonly (readonly [names: readonly string[], purpose: string])[] = [
  [['IDENTITY_API_URL', 'TOKEN_EXCHANGE_GRPC_ADDR'], "DIMO's permissions need both services"],
  [['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'], 'a log-in to Kafka needs all three'],
  [['VEHICLE_NFT_ADDRESS', 'DIMO_REGISTRY_CHAIN_ID'], 'a contract is an address on a chain'],
];

const DATABASE_PARTS = ['DB_HOST', 'DB_USER', 'DB_PASSWORD', 'DB_NAME'];
const DATABASE_PARTS_NEEDED = ['DB_HOST', 'DB_USER', 'DB_NAME'];

/** Settings of installations with data of others, where nobody may read everything. */
const REAL_PARTS = ['DATABASE_URL', 'DATABASE_DIRECT_URL', 'IDENTITY_API_URL', 'TOKEN_EXCHANGE_GRPC_ADDR'];
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;

/**
 * The rules between settings that these variables break, each as a sentence. Values are not looked at, only whether they
 * are set; but what is encrypted, and who is let in, is looked at closely.
 */
export function brokenRules(given: Record<string, string>): string[] {
  return [
    ...databaseRules(given),
    ...TOGETHER.flatMap(([names, purpose]) => togetherRule(given, names, purpose)),
    ...plaintextRules(given),
    ...allowAllRules(given),
    ...signInRules(given),
  ];
}

/** Whoever names authorities takes a connection for encrypted. */
function plaintextRules(given: Record<string, string>): string[] {
  const { KAFKA_SSL = 'false', DB_SSL_MODE = 'disable' } = given;
  const isPlain = {
    kafka: given.KAFKA_SSL_CA_FILE !== undefined && /^(false|0)$/i.test(KAFKA_SSL),
    database: given.DB_SSL_ROOT_CERT !== undefined && /^disable$/i.test(DB_SSL_MODE) && !given.DATABASE_URL,
  };
  return [
    ...(isPlain.kafka ? ['KAFKA_SSL must be true beside KAFKA_SSL_CA_FILE: without it nothing is encrypted'] : []),
    ...(isPlain.database
      ? ['DB_SSL_MODE must not be disable beside DB_SSL_ROOT_CERT: without TLS nothing is encrypted']
      : []),
  ];
}

function allowAllRules(given: Record<string, string>): string[] {
  const { PERMISSIONS_ALLOW_ALL: allowsAll = 'false', DB_HOST: host } = given;
  if (/^(false|0)$/i.test(allowsAll)) return [];
  const present = REAL_PARTS.filter((name) => given[name] !== undefined);
  const why = 'it lets every license read every vehicle';
  return [
    ...(present.length > 0 ? [`PERMISSIONS_ALLOW_ALL must not be set beside ${present.join(' and ')}: ${why}`] : []),
    ...(host !== undefined && !LOOPBACK.test(host)
      ? [`PERMISSIONS_ALLOW_ALL must not be set beside a DB_HOST that is not this machine: ${why}`]
      : []),
  ];
}

function signInRules({ CONSOLE_SIGN_IN_FILE: file, HOST: host }: Record<string, string>): string[] {
  if (file === undefined || (host !== undefined && LOOPBACK.test(host))) return [];
  return [
    'CONSOLE_SIGN_IN_FILE must not be set unless HOST is this machine alone (127.0.0.1): it gives a token to whoever asks',
  ];
}

/** The rules between times that are broken, each as a sentence. */
export function brokenTimes(env: {
  SHUTDOWN_GRACE_SECONDS: number;
  SHUTDOWN_DRAIN_SECONDS?: number | undefined;
}): string[] {
  const { SHUTDOWN_GRACE_SECONDS: grace, SHUTDOWN_DRAIN_SECONDS: drain = 0 } = env;
  if (drain <= grace / 2) return [];
  return [
    `SHUTDOWN_DRAIN_SECONDS must be at most half of SHUTDOWN_GRACE_SECONDS, which is ${grace}: work has to end too`,
  ];
}

function databaseRules(given: Record<string, string>): string[] {
  if (given.DATABASE_URL !== undefined) return [];
  if (!DATABASE_PARTS.some((name) => given[name] !== undefined)) {
    return ['DATABASE_URL is not set: set it, or DB_HOST, DB_USER, DB_PASSWORD and DB_NAME'];
  }
  return missing(given, DATABASE_PARTS_NEEDED).map(
    (name) => `${name} is not set: set it, or DATABASE_URL instead of all DB_ settings`,
  );
}

function togetherRule(given: Record<string, string>, names: readonly string[], purpose: string): string[] {
  const absent = missing(given, names);
  if (absent.length === 0 || absent.length === names.length) return [];
  const present = names.filter((name) => !absent.includes(name));
  return [`${absent.join(' and ')} must be set beside ${present.join(' and ')}: ${purpose}`];
}

function missing(given: Record<string, string>, names: readonly string[]): string[] {
  return names.filter((name) => given[name] === undefined);
}
