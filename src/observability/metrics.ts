import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** From a commit on the same host to a chunk that waited for a lock. */
const CHUNK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** From a receiver next door to the longest time-out that a webhook may have (30 s). */
const DELIVERY_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30];

/**
 * Everything that this process counts, in a registry of its own: one object for each process. `processMetrics` adds
 * memory, CPU, event loop and garbage collection of the process; tests, which make many of these, leave it out.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly records: Counter<'topic'>;
  readonly samples: Counter<'topic'>;
  /** `outcome` is one of fired, not_met, cooling, stale, throttled, failed. */
  readonly evaluations: Counter<'outcome'>;
  /** `result` is one of ok, fenced, conflict. */
  readonly chunkSeconds: Histogram<'result'>;
  readonly consumerLag: Gauge<'topic' | 'partition'>;
  readonly deadLetters: Counter<'topic' | 'reason'>;
  /** Firings. */
  readonly heldAtLimit: Counter;
  readonly streamLost: Counter<'topic'>;
  /** `outcome` is one of delivered, retried, failed, held, cancelled, postponed. */
  readonly deliveries: Counter<'outcome'>;
  /** Times that a due delivery met the used-up minute of its license. */
  readonly quotaPostponed: Counter;
  /** `outcome` is one of core's attempt outcomes. */
  readonly attempts: Counter<'outcome'>;
  /** One attempt's request, whatever became of it. */
  readonly deliverySeconds: Histogram;
  readonly queueDepth: Gauge;
  readonly queueAgeSeconds: Gauge;
  readonly throttledAgeSeconds: Gauge;
  readonly retryingAgeSeconds: Gauge;
  readonly openBreakers: Gauge;
  readonly indexTriggers: Gauge;
  readonly indexSubscriptions: Gauge;
  readonly indexSeq: Gauge;

  constructor(options: { processMetrics?: boolean } = {}) {
    const registry = this.registry;
    if (options.processMetrics) collectDefaultMetrics({ register: registry });
    this.records = counter(registry, 'tripline_records_total', 'Records read from Kafka.', ['topic']);
    this.samples = counter(
      registry,
      'tripline_samples_total',
      'Signals and events in records of vehicles that are watched.',
      ['topic'],
    );
    this.evaluations = counter(registry, 'tripline_evaluations_total', 'Evaluations of triggers.', ['outcome']);
    this.chunkSeconds = histogram(
      registry,
      'tripline_chunk_duration_seconds',
      'Time from the start of a chunk to the answer of its commit.',
      CHUNK_SECONDS,
      ['result'],
    );
    this.consumerLag = gauge(registry, 'tripline_consumer_lag_records', 'Records not yet processed.', [
      'topic',
      'partition',
    ]);
    this.deadLetters = counter(registry, 'tripline_dead_letters_total', 'Samples and records that were stepped over.', [
      'topic',
      'reason',
    ]);
    this.streamLost = counter(
      registry,
      'tripline_stream_lost_records_total',
      'Records that Kafka deleted before they were read.',
      ['topic'],
    );
    const held = 'Firings whose deliveries were held because too many of their license are pending.';
    this.heldAtLimit = counter(registry, 'tripline_pending_limit_held_total', held, []);
    this.deliveries = counter(registry, 'tripline_deliveries_total', 'What became of due deliveries.', ['outcome']);
    const postponed = 'Times that a due delivery was put back because its license has no more requests in this minute.';
    this.quotaPostponed = counter(registry, 'tripline_delivery_quota_postponed_total', postponed, []);
    this.attempts = counter(registry, 'tripline_delivery_attempts_total', 'Requests to receivers.', ['outcome']);
    this.deliverySeconds = histogram(
      registry,
      'tripline_delivery_duration_seconds',
      "Duration of one attempt's request.",
      DELIVERY_SECONDS,
      [],
    );
    this.queueDepth = gauge(registry, 'tripline_queue_depth', 'Deliveries that are pending.', []);
    const ages = [
      ['tripline_queue_oldest_due_seconds', 'How long the oldest is due that nothing keeps from being sent.'],
      ['tripline_queue_oldest_throttled_seconds', 'How long the oldest is due at an endpoint that is left alone.'],
      ['tripline_queue_oldest_retrying_seconds', 'How long ago the oldest was queued that failed at least once.'],
    ] as const;
    [this.queueAgeSeconds, this.throttledAgeSeconds, this.retryingAgeSeconds] = ages.map(([name, help]) =>
      gauge(registry, name, help, []),
    ) as [Gauge, Gauge, Gauge];
    const open = 'Endpoints that fail, and are probed instead of being sent to.';
    this.openBreakers = gauge(registry, 'tripline_open_breakers', open, []);
    this.indexTriggers = gauge(registry, 'tripline_index_triggers', 'Triggers in the index.', []);
    this.indexSubscriptions = gauge(registry, 'tripline_index_subscriptions', 'Subscriptions in the index.', []);
    this.indexSeq = gauge(registry, 'tripline_index_seq', 'Last change applied to the index.', []);
  }
}

function counter<Label extends string>(registry: Registry, name: string, help: string, labelNames: Label[]) {
  return new Counter({ name, help, labelNames, registers: [registry] });
}

function gauge<Label extends string>(registry: Registry, name: string, help: string, labelNames: Label[]) {
  return new Gauge({ name, help, labelNames, registers: [registry] });
}

function histogram<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  buckets: number[],
  labelNames: Label[],
) {
  return new Histogram({ name, help, buckets, labelNames, registers: [registry] });
}
