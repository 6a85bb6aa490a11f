/** Puts a fleet's records on the topics, through everything, and lets vehicles join, pause and change what their reports are called. */
import { setTimeout as sleep } from 'node:timers/promises';
import { brakingReport, markerReport, poison, signalReport, type FleetVehicle } from './fleet-load.js';
import type { Topics } from './product-setup.js';
import type { Random } from './random.js';
import type { Stream, StreamMessage } from './stream.js';

const BATCH = 200;
/** Of the records' own time, between two of them: see the cool-down of the rules. */
const STEP_MS_MAX = 1_000;
/** One of so many records is poison: together they stay below what is recorded of each reason in a minute. */
const POISON_EVERY = 600;
const EVENT_EVERY = 12;
/** Kafka refuses times that are far ahead; these stay behind, however long it takes. */
const START_BEFORE_MS = 86_400_000;

export class ChaosLoad {
  produced = 0;
  private readonly fleet = new Map<string, { vehicle: FleetVehicle; reportId: string }>();
  private timeMs: number;
  private batchSent: Promise<void> = Promise.resolve();
  private isOver = false;
  private running: Promise<void> | undefined;
  private markers = 0;

  constructor(
    private readonly parts: { stream: Stream; topics: Topics; dice: Random; pauseMs: number; recordsMax: number },
  ) {
    this.timeMs = Date.now() - START_BEFORE_MS - (parts.recordsMax * STEP_MS_MAX) / 2;
  }

  /** From the next batch on these report, as `reportId`. */
  add(vehicles: readonly FleetVehicle[], reportId = 'report'): void {
    for (const vehicle of vehicles) this.fleet.set(vehicle.did, { vehicle, reportId });
  }

  /** Resolves when these report no more, and Kafka has all that they did. */
  async remove(vehicles: readonly FleetVehicle[]): Promise<void> {
    for (const { did } of vehicles) this.fleet.delete(did);
    await this.batchSent;
  }

  /** Puts a marker behind all records of each vehicle; gives what markers say, by vehicle. */
  async mark(vehicles: readonly FleetVehicle[]): Promise<Map<string, number>> {
    const values = new Map(vehicles.map(({ did }) => [did, ++this.markers]));
    const messages = vehicles.map((vehicle) => markerReport(vehicle, values.get(vehicle.did)!, this.timeMs));
    await this.send(this.parts.topics.signals, messages);
    return values;
  }

  start(): void {
    this.running = (async () => {
      while (!this.isOver) {
        this.batchSent = this.batch();
        await this.batchSent;
        await sleep(this.parts.pauseMs);
      }
    })();
  }

  /** Resolves when no more records come. */
  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  /** Resolves when there are so many records, the rest of them at once, and no more come. */
  async finish(records: number): Promise<void> {
    await this.stop();
    while (this.produced < records) await this.batch();
  }

  private async batch(): Promise<void> {
    const { dice, topics } = this.parts;
    const fleet = [...this.fleet.values()];
    const signals: StreamMessage[] = [];
    const events: StreamMessage[] = [];
    for (let i = 0; i < BATCH; i++) {
      const { vehicle, reportId: id } = fleet[dice.below(fleet.length)]!;
      this.timeMs += dice.below(STEP_MS_MAX);
      const at = { timeMs: this.timeMs, id };
      if (dice.below(POISON_EVERY) === 0) signals.push(poison(dice, vehicle, at));
      else if (dice.below(EVENT_EVERY) === 0) events.push(brakingReport(dice, vehicle, at));
      else signals.push(signalReport(dice, vehicle, at));
    }
    await Promise.all([this.send(topics.signals, signals), this.send(topics.events, events)]);
    this.produced += BATCH;
  }

  /** Until Kafka has taken them: some may stand there twice then, as two reports that say the same. */
  private async send(topic: string, messages: StreamMessage[]): Promise<void> {
    while (messages.length > 0) {
      try {
        await this.parts.stream.send(topic, messages);
        return;
      } catch {
        await sleep(200);
      }
    }
  }
}
