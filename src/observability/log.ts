import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { Redactor } from './redact.js';

/**
 * Where the program says what it does: one JSON object a line. `error` wakes someone, `warn` heals itself, `info` is one
 * line per unit of work. Secrets are taken out of fields and messages before they are written (see `Redactor`);
 * an Error goes into the field `err`.
 */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A log that writes these fields with each line. */
  child(fields: object): Log;
}

/**
 * A log that writes lines of `level` (pino's names, or `silent`) and above to standard output, or to `destination`.
 * Throws on an unknown level. `name` is a field of each line; `ownSecrets` are hidden wherever they turn up.
 */
export function createLog(
  level: string,
  name?: string,
  destination?: DestinationStream,
  ownSecrets: readonly string[] = [],
): Log {
  const options = {
    level,
    base: name === undefined ? {} : { name },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    // Errors are already plain objects when pino sees them; its own serializer would lose their type.
    serializers: { err: (error: unknown) => error },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return new PinoLog(destination ? pino(options, destination) : pino(options), new Redactor(ownSecrets));
}

type Level = 'debug' | 'info' | 'warn' | 'error';

class PinoLog implements Log {
  constructor(
    private readonly logger: Logger,
    private readonly redactor: Redactor,
  ) {}

  debug(fields: object, message: string): void {
    this.write('debug', fields, message);
  }

  info(fields: object, message: string): void {
    this.write('info', fields, message);
  }

  warn(fields: object, message: string): void {
    this.write('warn', fields, message);
  }

  error(fields: object, message: string): void {
    this.write('error', fields, message);
  }

  child(fields: object): Log {
    return new PinoLog(this.logger.child(this.redactor.fields(fields)), this.redactor);
  }

  private write(level: Level, fields: object, message: string): void {
    if (!this.logger.isLevelEnabled(level)) return;
    this.logger[level](this.redactor.fields(fields), this.redactor.text(message));
  }
}

/** A log that writes nothing, for tests. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};
