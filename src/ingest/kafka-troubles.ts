import { Seldom } from '../engine/seldom.js';
import type { Log } from '../observability/log.js';
import { isHungUpOn, isHungUpOnTls, isWithoutCoordinator, refusalOf } from './refusal.js';

const REPEAT_MS = 60_000;
/** Far more than there are kinds. */
const KINDS_MAX = 1_000;

/** What somebody may have to do about failures that usually heal by waiting. */
const HINTS: readonly [isMeant: (error: unknown) => boolean, hint: string][] = [
  [isHungUpOnTls, 'it hangs up before TLS: does it speak TLS (KAFKA_SSL), or is it starting?'],
  [isHungUpOn, 'it hangs up: does it want TLS (KAFKA_SSL) or a log-in (KAFKA_SASL_MECHANISM)?'],
  [isWithoutCoordinator, 'nobody coordinates the consumer group: may its user read KAFKA_GROUP_ID?'],
];

/**
 * Tells operators what Kafka has against us, each in its place: who refuses us is an error, all else a warning, and each
 * kind is told once a minute, so that none hides another.
 */
export class KafkaTroubles {
  private readonly seldom = new Seldom({ periodMs: REPEAT_MS, keysMax: KINDS_MAX });

  constructor(private readonly log: Log) {}

  /** Logs a failure: as the refusal that it is, else as a warning in these words. */
  tell(error: unknown, message: string, fields: object = {}): void {
    const refusal = refusalOf(error);
    const hint = HINTS.find(([isMeant]) => isMeant(error))?.[1];
    const warning = hint === undefined ? message : `${message}; ${hint}`;
    const kind = refusal?.kind ?? `${warning} ${JSON.stringify(fields)}`;
    if (!this.seldom.isDue(kind, performance.now())) return;
    if (refusal === undefined) this.log.warn({ ...fields, err: error }, warning);
    else this.log.error({ ...fields, err: error }, `${refusal.text}; trying again`);
  }
}
