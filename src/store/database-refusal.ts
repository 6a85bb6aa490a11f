import { isTlsFailure, isWithoutHandshake } from '../core/tls-failure.js';

/** Why PostgreSQL will have nothing to do with us: it does not heal by waiting, but by somebody who changes something. */
export interface DatabaseRefusal {
  kind: 'log_in' | 'tls' | 'database' | 'authorization';
  /** What is wrong and where to look, for operators. Has no secret in it. */
  text: string;
}

const LOG_IN = {
  kind: 'log_in',
  text: 'PostgreSQL refuses the log-in: look at user and password in DATABASE_URL, or at DB_USER and DB_PASSWORD',
} as const;
const TLS = {
  kind: 'tls',
  text:
    'no TLS connection to PostgreSQL comes about: look at sslmode and sslrootcert in DATABASE_URL, or at DB_SSL_MODE and ' +
    "DB_SSL_ROOT_CERT, at NODE_EXTRA_CA_CERTS, and whether the host is a name in the server's certificate",
} as const;

/** By SQLSTATE: see PostgreSQL's appendix A. */
const BY_SQLSTATE: Readonly<Record<string, DatabaseRefusal>> = {
  '28P01': LOG_IN,
  '28000': {
    kind: 'log_in',
    text:
      'PostgreSQL lets nobody in this way: look at user, database and sslmode in DATABASE_URL, or at DB_USER, DB_NAME ' +
      "and DB_SSL_MODE, and at the server's pg_hba.conf",
  },
  '3D000': {
    kind: 'database',
    text: 'PostgreSQL has no such database: create it, or look at its name in DATABASE_URL, or at DB_NAME',
  },
  '42501': {
    kind: 'authorization',
    text:
      'PostgreSQL does not allow what is needed to the user in DATABASE_URL or DB_USER: it must be allowed to connect, ' +
      'and own its database or be granted CREATE on the schema',
  },
};

/** What pg says without a code: of a server that speaks no TLS, and of a password that it needs and has not. */
const NO_TLS = /^The server does not support SSL connections/;
const NO_PASSWORD = /^SASL: /;

/** An error's causes are looked through this deep, in case they lead in a circle. */
const CAUSES_MAX = 5;

/** What errors of pg, Node and TypeORM have of these; any may be missing. */
type Failure = Partial<Record<'code' | 'syscall' | 'message' | 'driverError' | 'cause', unknown>>;

/**
 * Whether an error of pg or TypeORM is a refusal; undefined for everything that waiting may heal, and for what has
 * nothing to do with connecting. Where a pooler is between, either of DATABASE_URL and DATABASE_DIRECT_URL is meant.
 */
export function databaseRefusalOf(error: unknown): DatabaseRefusal | undefined {
  let current = error;
  for (let depth = 0; depth < CAUSES_MAX && typeof current === 'object' && current !== null; depth++) {
    const failure: Failure = current;
    const refusal = readOne(failure);
    if (refusal) return { ...refusal, text: `${refusal.text} (${String(failure.message)})` };
    current = failure.driverError ?? failure.cause;
  }
  return undefined;
}

/** What somebody may have to do about a database that is away, or seems to be; undefined when it is likely none. */
export function databaseHintOf(error: unknown): string | undefined {
  if (!isWithoutHandshake(error as Failure)) return undefined;
  return 'it hangs up before TLS: does it speak TLS (sslmode in DATABASE_URL, or DB_SSL_MODE), or is it starting?';
}

function readOne(failure: Failure): DatabaseRefusal | undefined {
  const { code, syscall, message } = failure;
  const text = typeof message === 'string' ? message : '';
  if (typeof code === 'string' && Object.hasOwn(BY_SQLSTATE, code)) return BY_SQLSTATE[code];
  if (NO_PASSWORD.test(text)) return LOG_IN;
  // pg reads the file of `sslrootcert` for each connection.
  if (isTlsFailure(failure) || NO_TLS.test(text) || syscall === 'open') return TLS;
  return undefined;
}
