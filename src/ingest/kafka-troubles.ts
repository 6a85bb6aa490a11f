import type { Log } from '../observability/log.js';
import { isHungUpOn, isWithoutCoordinator, refusalOf } from './refusal.js';

const REPEAT_MS = 60_000;

/** What somebody may have to do about failures that usually heal by waiting. */
const HINTS: readonly [isMeant: (error: unknown) => boolean, hint: string][] = [
  [isHungUpOn, 'it hangs up: does it want TLS (KAFKA_SSL) or a log-in (KAFKA_SASL_MECHANISM)?'],
  [isWithoutCoordinator, 'nobody coordinates the consumer group: may its user read KAFKA_GROUP_ID?'],
];

/** Tells operators what Kafka has against us, each in its place: who refuses us is an error, once a minute. */
export class KafkaTroubles {
  private toldMs = -Infinity;

  constructor(private readonly log: Log) {}

  /** Logs a failure: as the refusal that it is, else as a warning in these words. */
  tell(error: unknown, message: string, fields: object = {}): void {
    const refusal = refusalOf(error);
    if (refusal === undefined) {
      const hint = HINTS.find(([isMeant]) => isMeant(error))?.[1];
      return this.log.warn({ ...fields, err: error }, hint === undefined ? message : `${message}; ${hint}`);
    }
    const nowMs = performance.now();
    if (nowMs - this.toldMs < REPEAT_MS) return;
    this.toldMs = nowMs;
    this.log.error({ ...fields, err: error }, `${refusal.text}; trying again`);
  }
}
