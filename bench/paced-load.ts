import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { TelemetryProducer, type TelemetryTopics } from '../dev/demo/telemetry-producer.js';
import { newLogId } from '../src/store/log-id.js';
import { fleetMessage } from './firing-fleet.js';
import { sharedNowMs } from './shared-clock.js';

/** What is due within this is sent together, as a producer's linger does it. */
const STEP_MS = 4;

/** Topics of their own that exist by the time that this resolves. */
export async function createTopics(brokers: string, partitions: number): Promise<TelemetryTopics> {
  const name = newLogId();
  const topics = { signals: `signals-${name}`, events: `events-${name}` };
  const kafka = new kafkajs.Kafka({ clientId: 'bench', brokers: [brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const wanted = Object.values(topics).map((topic) => ({ topic, numPartitions: partitions }));
  await admin.createTopics({ topics: wanted, waitForLeaders: true });
  await admin.disconnect();
  return topics;
}

export interface Pace {
  recordsPerSecond: number;
  seconds: number;
  vehicles: number;
  /** Every so manieth record fires. */
  firingEvery: number;
}

/**
 * Sends records at times that are fixed beforehand, whatever becomes of them, so that a consumer, or a sender, that falls
 * behind does not make its own load lighter. `onFiring` is told when a record that fires was to be sent. Resolves to how
 * late sending was, ms, of each step.
 */
export class PacedLoad {
  private place = 0;

  private constructor(private readonly producer: TelemetryProducer) {}

  static async connect(brokers: string, topics: TelemetryTopics): Promise<PacedLoad> {
    return new PacedLoad(await TelemetryProducer.connect([brokers], topics));
  }

  async send(pace: Pace, onFiring: (value: number, dueMs: number) => void): Promise<number[]> {
    const startMs = sharedNowMs() + STEP_MS;
    const total = Math.round(pace.recordsPerSecond * pace.seconds);
    const lateMs: number[] = [];
    const sent = new Set<Promise<void>>();
    let failure: unknown;
    for (let [step, done] = [0, 0]; done < total && failure === undefined; step++) {
      const until = Math.min(total, Math.round(((step + 1) * STEP_MS * pace.recordsPerSecond) / 1_000));
      if (until === done) continue;
      const messages = Array.from({ length: until - done }, () => fleetMessage(this.place++, pace));
      done = until;
      const dueMs = startMs + step * STEP_MS;
      const waitMs = dueMs - sharedNowMs();
      if (waitMs > 0) await sleep(Math.ceil(waitMs));
      lateMs.push(sharedNowMs() - dueMs);
      for (const { firing } of messages) if (firing !== undefined) onFiring(firing, dueMs);
      const signals = messages.map(({ key, value }) => ({ key, value }));
      const sending = this.producer.send({ signals, events: [] }).catch((error: unknown) => void (failure = error));
      sent.add(sending);
      void sending.finally(() => sent.delete(sending));
    }
    await Promise.all(sent);
    if (failure !== undefined) throw failure as Error;
    return lateMs;
  }

  close(): Promise<void> {
    return this.producer.close();
  }
}
