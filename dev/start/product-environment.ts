import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signInFileOf } from './console-sign-in.js';
import type { LocalSecrets } from './local-secrets.js';
import type { StartOptions } from './start-options.js';
import { DEVELOPMENT_ISSUER } from '../token-issuer.js';

type Variables = Record<string, string | undefined>;

/** Of a topic in the embedded broker. */
const EMBEDDED_PARTITIONS = '8';
const EMBEDDED_GRACE_SECONDS = '8';

/** Settings of parts that an embedded one replaces; half of them beside it would say nonsense. */
const DATABASE_VARIABLES = /^(PG|DB_|DATABASE_(URL|DIRECT_URL)$)/;
const KAFKA_VARIABLES = /^KAFKA_(BROKERS$|SSL$|SASL_)/;
const TOKEN_VARIABLES = /^JWT_/;

/**
 * The environment of the product: what the user set, and beside it what the embedded parts turned out to be. A variable
 * that the user set is never overruled, except those that belong to a part which is replaced as a whole.
 */
export function productEnvironment(input: {
  env: Variables;
  options: StartOptions;
  secrets: LocalSecrets;
  /** URLs and addresses of the embedded parts; `undefined` where a real one is used. */
  databaseUrl: string | undefined;
  brokers: string | undefined;
  jwksUrl: string | undefined;
  demo: { receiverAddress: string; authorityFile: string } | undefined;
}): Variables {
  const { env, options, secrets, databaseUrl, brokers, jwksUrl, demo } = input;
  const replaced = [databaseUrl && DATABASE_VARIABLES, brokers && KAFKA_VARIABLES, jwksUrl && TOKEN_VARIABLES];
  const isReplaced = (name: string) => replaced.some((names) => names instanceof RegExp && names.test(name));
  const kept = Object.fromEntries(Object.entries(env).filter(([name, text]) => text?.trim() && !isReplaced(name)));
  return {
    ...{ HOST: options.host, ADMIN_TOKEN: secrets.adminToken },
    ...{ SHUTDOWN_GRACE_SECONDS: EMBEDDED_GRACE_SECONDS, SHUTDOWN_DRAIN_SECONDS: '0' },
    ...{ PORT: String(options.port), MON_PORT: String(options.monitoringPort) },
    ...(databaseUrl && { SECRET_ENCRYPTION_KEY: secrets.encryptionKey }),
    ...(brokers && { KAFKA_CREATE_TOPICS_PARTITIONS: EMBEDDED_PARTITIONS }),
    ...(jwksUrl && isOwnMachine(options.host) && { CONSOLE_SIGN_IN_FILE: signInFileOf(options.dataDir) }),
    ...kept,
    ...(databaseUrl && databaseVariables(databaseUrl, options)),
    ...(brokers && { KAFKA_BROKERS: brokers }),
    ...(jwksUrl && { JWK_KEY_SET_URL: jwksUrl, JWT_ISSUER: DEVELOPMENT_ISSUER }),
    ...(demo && demoVariables(env, options.dataDir, demo)),
  };
}

/** Whoever else reaches the product gets no token from its console. */
function isOwnMachine(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host);
}

/** The product allows everything only on a database of this machine, which it sees by the parts. */
function databaseVariables(databaseUrl: string, { allowsAll }: StartOptions): Variables {
  if (!allowsAll) return { DATABASE_URL: databaseUrl };
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  return {
    ...{ DB_HOST: hostname, DB_PORT: port, DB_USER: decodeURIComponent(username) },
    ...{ DB_PASSWORD: decodeURIComponent(password), DB_NAME: decodeURIComponent(pathname.slice(1)) },
    PERMISSIONS_ALLOW_ALL: 'true',
  };
}

/** Lets the product reach and trust the demo's receiver, beside whatever the user lets it reach and trust. */
function demoVariables(
  env: Variables,
  dataDir: string,
  demo: { receiverAddress: string; authorityFile: string },
): Variables {
  const allowed = env.TARGET_ALLOW_CIDRS?.trim();
  const others = env.NODE_EXTRA_CA_CERTS?.trim();
  let authorities = demo.authorityFile;
  if (others) {
    authorities = join(dataDir, 'authorities.pem');
    writeFileSync(authorities, `${readFileSync(others, 'utf8')}\n${readFileSync(demo.authorityFile, 'utf8')}`);
  }
  return {
    TARGET_ALLOW_CIDRS: allowed ? `${allowed},${demo.receiverAddress}` : demo.receiverAddress,
    NODE_EXTRA_CA_CERTS: authorities,
  };
}
