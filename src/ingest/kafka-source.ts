import { once } from 'node:events';
import kafkajs, { type Consumer, type ConsumerGroupJoinEvent, type Kafka } from 'kafkajs';
import { pauseWhile, retryWhile } from '../engine/retry.js';
import type { Log } from '../observability/log.js';
import { consumerSettings, runSettings } from './consumer-settings.js';
import { firstLook } from './first-look.js';
import { Generation } from './generation.js';
import { KafkaAdmin } from './kafka-admin.js';
import { kafkaClient } from './kafka-client.js';
import { KafkaTroubles } from './kafka-troubles.js';
import { partitionAssigner, type Membership } from './partition-assigner.js';
import { PartitionOpener } from './partition-opener.js';
import { SOURCE_TIMES, type KafkaSourceOptions, type SourceTimes } from './source-options.js';
import { WallClock } from './wall-clock.js';
import { within } from './within.js';

const DISCONNECT_MS = 5_000;
const SETTLE_MS = 10_000;
const STOP_MS = 20_000;
/** Parts of the time that a stop has: for what is in hand, and for each of three questions to Kafka after it. */
const SETTLE_SHARE = 0.4;
const ASK_SHARE = 0.15;
/** A consumer that crashed sooner met what the one before met; the next one waits for longer. */
const EARLY_CRASH_MS = 5_000;

/**
 * Feeds an engine from Kafka, as a member of one consumer group for all topics. kafkajs only carries: where a partition
 * begins is read from the database each time the group is joined, and offsets committed to Kafka are for tools that show
 * lag.
 *
 * The life of a consumer: waiting for the topics → connecting → joined, with a new `Generation` each time the group
 * rebalances → crashed, silent for longer than the watchdog allows, or left behind by a clock that was set back → thrown
 * away, and all over again. kafkajs' own restarting is off: it leaves some errors as the end.
 */
export class KafkaSource {
  private readonly kafka: Kafka;
  private readonly admin: KafkaAdmin;
  private readonly opener: PartitionOpener;
  private readonly times: SourceTimes;
  private readonly log: Log;
  private readonly troubles: KafkaTroubles;
  private readonly instanceName: string;
  private consumer: Consumer | undefined;
  private generation: Generation | undefined;
  /** Of the last generation, for as long as the group knows us. */
  private membership: Membership | undefined;
  private settled: Promise<unknown> = Promise.resolve();
  private running: Promise<void> = Promise.resolve();
  private isStopping = false;
  private settleMs = SETTLE_MS;
  private askMs = DISCONNECT_MS;
  private lastFetchMs = -Infinity;
  private joinedMs = -Infinity;
  /** Whether all partitions of some generation were open. */
  private wasOpen = false;
  private ended: Generation | undefined;
  private readonly stopped = new AbortController();

  constructor(private readonly options: KafkaSourceOptions) {
    const { groupId, engine, chunks, metrics, log } = options;
    this.log = log;
    this.troubles = new KafkaTroubles(log);
    this.instanceName = options.clientId ?? 'tripline';
    this.times = { ...SOURCE_TIMES, ...options.times };
    this.kafka = kafkaClient({ ...options, clientId: this.instanceName }, log);
    this.admin = new KafkaAdmin(this.kafka);
    const { resetConfirmMs } = this.times;
    this.opener = new PartitionOpener({ engine, chunks, admin: this.admin, groupId, log, metrics, resetConfirmMs });
  }

  /**
   * Looks once whether Kafka will have us. Throws with what to change when it refuses us; a Kafka that is away is waited
   * for by `start`.
   */
  check(): Promise<void> {
    const { groupId, log } = this.options;
    const topics = this.options.topics.map(({ topic }) => topic);
    const over = once(this.stopped.signal, 'abort');
    return firstLook({ ...this.options, clientId: this.instanceName }, { groupId, topics, log, over });
  }

  /** Begins to consume and keeps at it until `stop`, whatever Kafka does; resolves at once. The index must be loaded. */
  start(): void {
    if (this.isStopping) return;
    this.running = this.run();
  }

  /**
   * Finishes the chunk in hand, stores how far each partition got, and leaves the group, so that others take over
   * without waiting. Takes no longer than `graceMs`: what does not answer in time is left to the session's end and the
   * database's fence. May be called at any time, also before `start`, which then does nothing.
   */
  async stop(graceMs = STOP_MS): Promise<void> {
    this.isStopping = true;
    this.settleMs = Math.min(SETTLE_MS, graceMs * SETTLE_SHARE);
    this.askMs = Math.min(DISCONNECT_MS, graceMs * ASK_SHARE);
    this.stopped.abort();
    await this.running;
    await within(this.askMs, this.admin.close());
  }

  /**
   * Whether records are being consumed: joined, fetching, and every partition open. Those of later generations may take
   * a while to open: a rebalance is no failure. One that is blocked by a codec is told in the log: it is no reason to take
   * the process, with its other partitions and its API, out of service.
   */
  isHealthy(): boolean {
    const { generation } = this;
    if (!generation || this.isStopping || generation.isStuck(this.times.stuckMs)) return false;
    const isRecent = (sinceMs: number) => performance.now() - sinceMs < this.times.watchdogMs;
    const isFetching = isRecent(this.lastFetchMs) || generation.isBusy;
    if (generation.isOpen) this.wasOpen = true;
    return isFetching && (generation.isOpen || (this.wasOpen && isRecent(this.joinedMs)));
  }

  private async run(): Promise<void> {
    const isWanted = () => !this.isStopping;
    const delays = { firstMs: this.times.restartDelayMs, mostMs: 5_000 };
    const onError = (error: unknown) => this.troubles.tell(error, 'Kafka is not reachable; trying again');
    const over = once(this.stopped.signal, 'abort');
    for (let delayMs = this.times.restartDelayMs; isWanted();) {
      const ready = retryWhile(isWanted, () => this.waitForTopics(), { delays, onError });
      await Promise.race([ready, over]);
      if (!isWanted()) return;
      const begunMs = performance.now();
      await retryWhile(isWanted, () => this.consume(over), { delays, onError });
      const isEarly = performance.now() - begunMs < EARLY_CRASH_MS;
      delayMs = isEarly ? Math.min(delayMs * 2, delays.mostMs) : delays.firstMs;
      await pauseWhile(isWanted, delayMs);
    }
  }

  /** Resolves when all topics exist. Throws when Kafka does not answer. */
  private async waitForTopics(): Promise<void> {
    const wanted = this.options.topics.map(({ topic }) => topic);
    while (!this.isStopping) {
      const missing = await this.admin.missing(wanted);
      if (missing.length === 0) return;
      if (this.options.createTopics !== undefined) await this.admin.createTopics(missing, this.options.createTopics);
      else {
        const message = 'topics do not exist, or may not be seen; waiting until somebody creates them';
        this.log.warn({ topics: missing }, message);
        await pauseWhile(() => !this.isStopping, this.times.topicWaitMs);
      }
    }
  }

  /** One consumer's life: resolves when `over` does, or when it crashed or fell silent. */
  private async consume(over: Promise<unknown>): Promise<void> {
    const consumer = this.createConsumer();
    const crashed = new Promise<void>((resolve) => {
      consumer.on('consumer.crash', ({ payload: { error } }) => {
        this.troubles.tell(error, 'the Kafka consumer crashed; making a new one');
        resolve();
      });
    });
    const chores = this.chores(consumer);
    const silent = new Promise<void>((resolve) => chores.push(this.watch(resolve)));
    const end = Promise.race([over, crashed, silent]);
    try {
      const begun = this.begin(consumer);
      begun.catch(() => undefined); // It may fail after it was given up.
      await Promise.race([begun, end]);
      await end;
    } finally {
      for (const chore of chores) clearInterval(chore);
      await this.leave(consumer);
    }
  }

  private async begin(consumer: Consumer): Promise<void> {
    this.lastFetchMs = performance.now();
    await consumer.connect();
    await consumer.subscribe({ topics: this.options.topics.map(({ topic }) => topic), fromBeginning: true });
    await consumer.run({
      ...runSettings(this.options.partitionsAtOnce),
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => {
        if (consumer === this.consumer) await this.generation?.eachBatch(payload);
      },
    });
  }

  private createConsumer(): Consumer {
    const membership = () => (consumer === this.consumer ? this.membership : undefined);
    const assigner = partitionAssigner({ instanceName: this.instanceName, membership });
    const consumer: Consumer = this.kafka.consumer({
      ...consumerSettings(this.options.groupId, this.times),
      // Who was in the group with the release before knows only the other.
      partitionAssigners: [assigner, kafkajs.PartitionAssigners.roundRobin],
    });
    consumer.on('consumer.group_join', (event) => this.joined(consumer, event));
    consumer.on('consumer.rebalancing', () => this.endGeneration());
    consumer.on('consumer.fetch', () => {
      if (consumer === this.consumer) this.lastFetchMs = performance.now();
      // It was thrown away while it was still joining, when kafkajs cannot be stopped: its partitions must not stay with it.
      else void within(DISCONNECT_MS, consumer.disconnect());
    });
    this.consumer = consumer;
    return consumer;
  }

  /** Runs synchronously inside kafkajs' joining, before the first fetch of the generation. */
  private joined(consumer: Consumer, { payload }: ConsumerGroupJoinEvent): void {
    this.endGeneration();
    if (consumer !== this.consumer || this.isStopping) return;
    const assigned = this.options.topics.map((source) => ({
      source,
      partitions: payload.memberAssignment[source.topic] ?? [],
    }));
    const { opener, admin, log, troubles } = this;
    const { heartbeatMs, restartDelayMs } = this.times;
    const settings = { heartbeatMs, retryDelayMs: restartDelayMs };
    const { metrics } = this.options;
    this.generation = new Generation(assigned, { consumer, opener, admin, log, troubles, metrics, ...settings });
    const owned = new Map(assigned.map(({ source, partitions }) => [source.topic, partitions]));
    this.membership = { memberId: payload.memberId, owned };
    this.joinedMs = performance.now();
    this.generation.begin(this.settled);
    const partitions = Object.fromEntries(owned);
    log.info({ groupId: this.options.groupId, partitions }, 'joined the consumer group');
  }

  private endGeneration(): void {
    const { generation } = this;
    if (!generation || generation === this.ended) return;
    this.ended = generation;
    generation.end();
    generation.forgetLag();
    this.settled = within(this.settleMs, generation.settle());
  }

  private chores(consumer: Consumer): NodeJS.Timeout[] {
    const every = (periodMs: number, chore: (generation: Generation) => Promise<void> | void) => {
      let isUnderWay = false;
      return setInterval(() => {
        const { generation } = this;
        if (isUnderWay || !generation?.isAlive || consumer !== this.consumer) return;
        isUnderWay = true;
        Promise.resolve(generation)
          .then(chore)
          .catch((error: unknown) => this.log.debug({ err: error }, 'a chore failed; it comes again soon'))
          .finally(() => (isUnderWay = false));
      }, periodMs);
    };
    return [
      every(this.times.flushMs, (generation) => generation.flushIdle()),
      every(this.times.reportMs, async (generation) => {
        await consumer.commitOffsets(generation.stored);
        await generation.measureLag();
      }),
      every(this.times.unblockMs, (generation) => generation.unblock()),
    ];
  }

  /** kafkajs can fall silent without a crash, and a generation that ended must be followed by another. */
  private watch(onSilence: () => void): NodeJS.Timeout {
    const { watchdogMs, heartbeatMs } = this.times;
    const clock = new WallClock();
    let aliveMs = performance.now();
    return setInterval(
      () => {
        const nowMs = performance.now();
        const isBusy = this.generation?.isBusy === true;
        if (this.generation?.isAlive || isBusy) aliveMs = nowMs;
        if (clock.wasSetBack()) {
          this.log.warn({}, 'the clock of this machine was set back; making a new Kafka consumer');
          void within(DISCONNECT_MS, this.admin.disconnect());
          return onSilence();
        }
        if (isBusy || (nowMs - this.lastFetchMs < watchdogMs && nowMs - aliveMs < watchdogMs)) return;
        this.log.warn({ watchdogMs }, 'the Kafka consumer has fallen silent; making a new one');
        onSilence();
      },
      Math.min(heartbeatMs, watchdogMs / 10),
    );
  }

  private async leave(consumer: Consumer): Promise<void> {
    const stored = this.generation;
    this.endGeneration();
    await within(this.settleMs, this.settled);
    if (stored) await within(this.askMs, consumer.commitOffsets(stored.stored));
    this.generation = undefined;
    this.membership = undefined;
    this.consumer = undefined;
    await within(this.askMs, consumer.disconnect());
  }
}
