import { isTlsFailure, isWithoutHandshake } from '../core/tls-failure.js';

/** Why brokers will have nothing to do with us: it does not heal by waiting, but by somebody who changes a setting. */
export interface Refusal {
  kind: 'log_in' | 'tls' | 'authorization';
  /** What is wrong and where to look, for operators. Has no secret in it. */
  text: string;
}

const LOG_IN = 'Kafka refuses the log-in: look at KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD';
const NO_LOG_IN = 'Kafka closes connections without a log-in: set KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD';
const TLS =
  'no TLS connection to Kafka comes about: look at KAFKA_SSL, at KAFKA_SSL_CA_FILE or NODE_EXTRA_CA_CERTS, ' +
  "and whether KAFKA_BROKERS has the names that are in the brokers' certificates";

/** What a user that Kafka knows may not do, by the error that says so. */
const AUTHORIZATION: Readonly<Record<string, string>> = {
  TOPIC_AUTHORIZATION_FAILED: 'to read and describe the topics DEVICE_SIGNALS_TOPIC and DEVICE_EVENTS_TOPIC',
  GROUP_AUTHORIZATION_FAILED: 'to read the consumer group KAFKA_GROUP_ID',
  CLUSTER_AUTHORIZATION_FAILED: 'to use the cluster; with KAFKA_CREATE_TOPICS_PARTITIONS, to create topics',
};

/** Whether an error of kafkajs, or what caused it, is a refusal; undefined for everything that waiting may heal. */
export function refusalOf(error: unknown): Refusal | undefined {
  for (const cause of causesOf(error)) {
    const refusal = readOne(cause);
    if (refusal) return refusal;
  }
  return undefined;
}

/**
 * Whether a broker took a connection and then closed it: one that ends or is full does, but so does one that wants TLS or
 * a log-in and gets none.
 */
export function isHungUpOn(error: unknown): boolean {
  return causesOf(error).some(({ name }) => name === 'KafkaJSConnectionClosedError');
}

/** Whether a broker hung up instead of shaking hands for TLS: it may speak none, or be about to end or to begin. */
export function isHungUpOnTls(error: unknown): boolean {
  return causesOf(error).some(isWithoutHandshake);
}

/**
 * Whether no broker was found that coordinates the consumer group: none may be ready yet, but a user that may not read the
 * group is told the same, since kafkajs swallows the brokers' own words.
 */
export function isWithoutCoordinator(error: unknown): boolean {
  return causesOf(error).some(({ name }) => name === 'KafkaJSGroupCoordinatorNotFound');
}

function causesOf(error: unknown): Error[] {
  const causes = new Set<Error>();
  for (let cause = error; cause instanceof Error && !causes.has(cause); cause = cause.cause) causes.add(cause);
  return [...causes];
}

function readOne(error: Error): Refusal | undefined {
  const { type } = error as { type?: unknown };
  // The class is not exported: kafkajs' own errors are told apart by their names.
  const isLogIn = error.name === 'KafkaJSSASLAuthenticationError' || type === 'SASL_AUTHENTICATION_FAILED';
  if (isLogIn || type === 'UNSUPPORTED_SASL_MECHANISM') return { kind: 'log_in', text: `${LOG_IN} (${error.message})` };
  if (type === 'ILLEGAL_SASL_STATE') return { kind: 'log_in', text: NO_LOG_IN };
  const wanted = typeof type === 'string' ? AUTHORIZATION[type] : undefined;
  if (wanted !== undefined) return { kind: 'authorization', text: `Kafka does not allow its user ${wanted}` };
  if (isTlsFailure(error)) return { kind: 'tls', text: `${TLS} (${error.message})` };
  return undefined;
}
