import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTripline } from '@tripline/client';
import { createAuthority } from '../certificates.js';
import { keep, readKept } from '../kept-file.js';
import { firingLine } from './firing-line.js';
import { Fleet, FLEET_VEHICLES } from './fleet.js';
import { DemoReceiver } from './receiver.js';
import { TelemetryProducer, type TelemetryTopics } from './telemetry-producer.js';
import { ensureWebhooks, grantVehicles, type KeptWebhook } from './webhooks.js';

/** The license that the demo's webhooks and the printed developer token belong to. */
export const DEMO_LICENSE = '0x34F101E6a3D1d2515ce0223FF215513b460A5846';

/** Where the receiver takes webhooks that the user makes. */
const OWN_PATH = '/my-webhook';

const REQUEST_TIMEOUT_MS = 30_000;

interface Kept {
  receiverPort: number;
  verificationToken: string;
  webhooks: Record<string, KeptWebhook>;
}

/**
 * The demo: a receiver, which has to be there before the product starts and has to be trusted by it, then webhooks and a
 * fleet. What it needs to find its webhooks again is kept in `demo.json`.
 */
export class Demo {
  private fleet: Fleet | undefined;
  private producer: TelemetryProducer | undefined;

  private constructor(
    private readonly keptFile: string,
    private readonly kept: Kept,
    private readonly receiver: DemoReceiver,
    /** The file with the certificate of the authority that signed the receiver's. */
    readonly authorityFile: string,
    private readonly print: (line: string) => void,
  ) {
    this.trust(kept.webhooks);
  }

  /** Starts the receiver alone, on the port of the last start if that is free. */
  static async prepare(options: { dataDir: string; print: (line: string) => void }): Promise<Demo> {
    const { dataDir, print } = options;
    const keptFile = join(dataDir, 'demo.json');
    const known = readKept(keptFile) as Partial<Kept> | undefined;
    const verificationToken = known?.verificationToken ?? randomBytes(9).toString('base64url');
    const authority = await createAuthority();
    const certificate = await authority.issue(['127.0.0.1', 'localhost']);
    const onArrival = (arrival: Parameters<typeof firingLine>[0]) => print(firingLine(arrival));
    const listen = (port: number) => DemoReceiver.start({ port, certificate, verificationToken, onArrival });
    const receiver = await listen(known?.receiverPort ?? 0).catch(() => listen(0));
    const kept = { receiverPort: receiver.port, verificationToken, webhooks: known?.webhooks ?? {} };
    keep(keptFile, kept);
    const authorityFile = join(dataDir, 'demo-authority.pem');
    writeFileSync(authorityFile, authority.caPem);
    return new Demo(keptFile, kept, receiver, authorityFile, print);
  }

  /** "address:port" of the receiver, which the product has to be allowed to reach. */
  get receiverAddress(): string {
    return `127.0.0.1:${this.receiver.port}`;
  }

  /** Where a webhook of the user's own can be sent to be seen in the terminal. */
  get ownTarget(): { url: string; verificationToken: string } {
    return { url: this.receiver.urlOf(OWN_PATH), verificationToken: this.kept.verificationToken };
  }

  get vehicles(): readonly string[] {
    return FLEET_VEHICLES;
  }

  /** Grants, registers and subscribes over REST, then sends the fleet out. The product has to be ready. */
  async start(options: {
    apiUrl: string;
    developerToken: string;
    adminToken: string;
    brokers: string[];
    topics: TelemetryTopics;
  }): Promise<void> {
    const { apiUrl: baseUrl } = options;
    const developer = createTripline({ baseUrl, token: options.developerToken, fetch: fetchInTime });
    const operator = createTripline({ baseUrl, token: options.adminToken, fetch: fetchInTime });
    await grantVehicles(operator, DEMO_LICENSE, FLEET_VEHICLES);
    const { verificationToken } = this.kept;
    const receiver = { urlOf: (path: string) => this.receiver.urlOf(path), verificationToken };
    const webhooks = await ensureWebhooks({ developer, receiver, vehicles: FLEET_VEHICLES, kept: this.kept.webhooks });
    keep(this.keptFile, { ...this.kept, webhooks });
    this.trust(webhooks);

    this.producer = await TelemetryProducer.connect(options.brokers, options.topics);
    const onFailure = (error: unknown) => this.print(`The fleet cannot publish: ${String(error)}`);
    this.fleet = new Fleet({ producer: this.producer, onFailure });
    this.fleet.start();
  }

  /** No more reports; the receiver goes on, so that what was fired still arrives. */
  async stopFleet(): Promise<void> {
    await this.fleet?.stop();
    await this.producer?.close();
  }

  async stopReceiver(): Promise<void> {
    await this.receiver.stop();
  }

  private trust(webhooks: Record<string, KeptWebhook>): void {
    for (const [path, { secret }] of Object.entries(webhooks)) this.receiver.secrets.set(path, secret);
  }
}

function fetchInTime(request: Request): Promise<Response> {
  return fetch(request, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
}
