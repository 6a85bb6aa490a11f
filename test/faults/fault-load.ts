/** What a fleet sends while parts fail, by a producer that gives up soon and says what it knows. */
import { type Admin, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { signalReport, type FleetVehicle } from '../support/fleet-load.js';
import { random, type Random } from '../support/random.js';

const LOAD_PAUSE_MS = 60;
const BATCH_MAX = 6;
const SEED = Number(process.env.TEST_SEED ?? 20_260_115);

/** A producer that does not try for long, and an admin; both of the test. */
export class KafkaClient {
  private constructor(
    readonly producer: Producer,
    readonly admin: Admin,
  ) {}

  static async connect(address: string): Promise<KafkaClient> {
    const kafka = new Kafka({
      clientId: 'fleet-of-tests',
      brokers: [address],
      logLevel: logLevel.NOTHING,
      requestTimeout: 3_000,
      connectionTimeout: 3_000,
      retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 2 },
    });
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, metadataMaxAge: 500 });
    const admin = kafka.admin();
    await Promise.all([producer.connect(), admin.connect()]);
    return new KafkaClient(producer, admin);
  }

  async disconnect(): Promise<void> {
    await Promise.all([this.producer.disconnect(), this.admin.disconnect()]);
  }
}

/** Puts reports on the topic, a few every few milliseconds, whatever becomes of them. */
export class Load {
  /** The ids of the reports that the broker said it has. Of others nobody knows, unless the topic is read. */
  readonly acknowledged: string[] = [];
  /** Why the others were not acknowledged. */
  readonly refusals: Error[] = [];
  private readonly dice: Random = random(SEED);
  private made = 0;
  // Kafka refuses times that are far ahead; these stay behind, however long it takes.
  private timeMs = Date.now() - 86_400_000;
  private running: Promise<void> | undefined;
  private isOver = false;

  constructor(
    private readonly producer: Producer,
    private readonly topic: string,
    private readonly fleet: readonly FleetVehicle[],
  ) {}

  start(): void {
    this.isOver = false;
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      await this.send();
      await new Promise((resolve) => setTimeout(resolve, LOAD_PAUSE_MS));
    }
  }

  private async send(): Promise<void> {
    const ids = Array.from({ length: 1 + this.dice.below(BATCH_MAX) }, () => `report-${++this.made}`);
    const messages = ids.map((id) => {
      this.timeMs += this.dice.below(2_000);
      const { key, value, timeMs } = signalReport(this.dice, this.fleet[this.dice.below(this.fleet.length)]!, {
        timeMs: this.timeMs,
        id,
      });
      return { key: key ?? null, value, timestamp: String(timeMs) };
    });
    try {
      await this.producer.send({ topic: this.topic, acks: -1, messages });
      this.acknowledged.push(...ids);
    } catch (error) {
      this.refusals.push(error as Error);
    }
  }
}
