import { databaseRefusalOf } from '../store/database-refusal.js';

/**
 * SQLSTATEs of a database that does not serve at the moment: a lost connection (class 08), shut down, crashed or
 * starting (57P01 to 57P03), and a statement that took too long (57014). See PostgreSQL's appendix A.
 */
const SQLSTATE = /^(?:08...|57P0[1-3]|57014)$/;

const SYSTEM_ERRORS: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT']);

/** What pg says without any code. */
const MESSAGE =
  /^(?:timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection error|Client was closed)/;

/** An error's causes are looked through this deep, in case they lead in a circle. */
const CAUSES_MAX = 5;

/** What errors of pg, Node and TypeORM have of these; any may be missing. */
type Failure = Partial<Record<'code' | 'message' | 'driverError' | 'cause', unknown>>;

/** Whether an error says that the database cannot be had at the moment, which heals without whoever asks. */
export function isOutage(error: unknown): boolean {
  if (databaseRefusalOf(error)) return true;
  let current = error;
  for (let depth = 0; depth < CAUSES_MAX && typeof current === 'object' && current !== null; depth++) {
    const { code, message, driverError, cause }: Failure = current;
    if (SYSTEM_ERRORS.has(code) || matches(SQLSTATE, code) || matches(MESSAGE, message)) return true;
    current = driverError ?? cause;
  }
  return false;
}

function matches(pattern: RegExp, text: unknown): boolean {
  return typeof text === 'string' && pattern.test(text);
}
