import { CITY_ROUTE, MOTORWAY_ROUTE, type Waypoint } from './route.js';
import { reportMessages, type Reporter } from './report.js';
import { SimulatedVehicle } from './simulated-vehicle.js';
import type { TelemetryMessage, TelemetryProducer } from './telemetry-producer.js';

const REPORT_INTERVAL_MS = 1_000;

/** The vehicle contract on the test network, and a connection and devices of the same form as real ones. */
const VEHICLE_CONTRACT = 'did:erc721:80002:0x45fbCD3ef7361d156e8b16F5538AE36DEdf61Da8';
const DEVICE_CONTRACT = 'did:erc721:80002:0x9c94C395cBcBDe662235E0A9d3bB87Ad708561BA';
const SOURCE = '0xF26421509Efe92861a587482100c6d728aBf1CD0';

/** Who drives where, and where each begins. One begins by driving too fast, so that there is soon something to see. */
const VEHICLES: readonly { tokenId: number; route: readonly Waypoint[]; startAt: number; firstFactor?: number }[] = [
  { tokenId: 1001, route: CITY_ROUTE, startAt: 0 },
  { tokenId: 1002, route: CITY_ROUTE, startAt: 3 },
  { tokenId: 1003, route: MOTORWAY_ROUTE, startAt: 0, firstFactor: 1.2 },
  { tokenId: 1004, route: MOTORWAY_ROUTE, startAt: 4 },
  { tokenId: 1005, route: CITY_ROUTE, startAt: 2 },
];

/** The DIDs of the demo's vehicles. */
export const FLEET_VEHICLES: readonly string[] = VEHICLES.map(({ tokenId }) => `${VEHICLE_CONTRACT}:${tokenId}`);

/** The demo's vehicles, each of which reports once a second while the fleet is out. */
export class Fleet {
  private readonly drivers: { reporter: Reporter; vehicle: SimulatedVehicle }[];
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;
  private isFailing = false;

  constructor(
    private readonly options: {
      producer: Pick<TelemetryProducer, 'send'>;
      /** Told when publishing begins to fail; the fleet drives on. */
      onFailure: (error: unknown) => void;
      random?: () => number;
      now?: () => Date;
    },
  ) {
    const random = options.random ?? Math.random;
    this.drivers = VEHICLES.map(({ tokenId, route, startAt, firstFactor }) => ({
      reporter: { vehicle: `${VEHICLE_CONTRACT}:${tokenId}`, source: SOURCE, device: `${DEVICE_CONTRACT}:${tokenId}` },
      vehicle: new SimulatedVehicle(route, startAt, random, firstFactor),
    }));
  }

  start(): void {
    // While one report is on its way the next second's is left out, so that a stuck broker gathers no backlog here.
    const tick = () => (this.sending ??= this.report().finally(() => (this.sending = undefined)));
    void tick();
    this.timer = setInterval(() => void tick(), REPORT_INTERVAL_MS);
  }

  /** Lets every vehicle drive for one interval and publishes where that led. Never throws: see `onFailure`. */
  async report(): Promise<void> {
    try {
      await this.options.producer.send(this.drive(REPORT_INTERVAL_MS / 1000));
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.options.onFailure(error);
      this.isFailing = true;
    }
  }

  /** Resolves when the last report has arrived or failed. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.sending;
  }

  /** Lets every vehicle drive for some seconds and gives the messages that report it. */
  drive(seconds: number): { signals: TelemetryMessage[]; events: TelemetryMessage[] } {
    const time = this.options.now?.() ?? new Date();
    const signals: TelemetryMessage[] = [];
    const events: TelemetryMessage[] = [];
    for (const { reporter, vehicle } of this.drivers) {
      const messages = reportMessages(reporter, vehicle.drive(seconds), time);
      signals.push({ key: reporter.vehicle, value: messages.signals });
      if (messages.events !== undefined) events.push({ key: reporter.vehicle, value: messages.events });
    }
    return { signals, events };
  }
}
