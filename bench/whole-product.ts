import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TelemetryTopics } from '../dev/demo/telemetry-producer.js';
import { TokenIssuer } from '../dev/token-issuer.js';
import { Database } from '../src/store/database.js';
import { Arrivals } from './arrivals.js';
import { startChild } from './child-process.js';
import { addFiringFleet } from './firing-fleet.js';
import { ProductProcess } from './product-process.js';

const TOKEN_SECONDS = 24 * 60 * 60;

interface Parts {
  databaseUrl: string;
  brokers: string;
  arrivals: Arrivals;
  issuer: TokenIssuer;
  caFile: string;
  key: Buffer;
  licenses: readonly string[];
}

/** All that the whole product needs around it, each a process of its own: a broker, a receiver, and a fleet that fires. */
export class WholeProduct {
  private constructor(private readonly parts: Parts) {}

  /** Gives `use` what was started, for as long as it takes; what it starts it ends. */
  static async with<Result>(
    { databaseUrl, licenses, vehicles }: { databaseUrl: string; licenses: number; vehicles: number },
    use: (whole: WholeProduct) => Promise<Result>,
  ): Promise<Result> {
    const directory = mkdtempSync(join(tmpdir(), 'tripline-bench-'));
    const stops: (() => unknown)[] = [() => rmSync(directory, { recursive: true })];
    try {
      const issuer = await TokenIssuer.start({ dataDir: directory });
      stops.unshift(() => issuer.stop());
      const arrivals = await Arrivals.start();
      stops.unshift(() => arrivals.stop());
      const caFile = join(directory, 'ca.pem');
      writeFileSync(caFile, arrivals.caPem);
      const given = process.env.KAFKA_BROKERS;
      const broker = given ? undefined : await startChild<string>('broker-process.js');
      if (broker) stops.unshift(() => broker.stop());
      const key = randomBytes(32);
      const fleet = { licenses, vehicles, address: arrivals.address, key };
      const names = await withDatabase(databaseUrl, (database) => addFiringFleet(database, fleet));
      const brokers = given ?? broker!.told;
      return await use(new WholeProduct({ databaseUrl, brokers, arrivals, issuer, caFile, key, licenses: names }));
    } finally {
      for (const stop of stops) await stop();
    }
  }

  get brokers(): string {
    return this.parts.brokers;
  }

  get arrivals(): Arrivals {
    return this.parts.arrivals;
  }

  get caFile(): string {
    return this.parts.caFile;
  }

  /** What the REST API takes for one of the fleet's licenses. */
  token(): Promise<string> {
    return this.parts.issuer.issue(this.parts.licenses[0]!, TOKEN_SECONDS);
  }

  /** Starts one process for each role, as a group that nobody has read for before; resolves when all are ready. */
  start(roles: readonly string[], topics: TelemetryTopics): Promise<ProductProcess[]> {
    const { databaseUrl, brokers, arrivals, issuer, caFile, key } = this.parts;
    const settings = {
      ...{ DATABASE_URL: databaseUrl, SECRET_ENCRYPTION_KEY: key.toString('base64'), JWK_KEY_SET_URL: issuer.jwksUrl },
      ...{ KAFKA_BROKERS: brokers, KAFKA_GROUP_ID: `bench-${randomBytes(4).toString('hex')}` },
      ...{ DEVICE_SIGNALS_TOPIC: topics.signals, DEVICE_EVENTS_TOPIC: topics.events },
      ...{ TARGET_ALLOW_CIDRS: arrivals.address, NODE_EXTRA_CA_CERTS: caFile },
    };
    return Promise.all(roles.map((role) => ProductProcess.start(role, settings)));
  }
}

async function withDatabase<Result>(url: string, use: (database: Database) => Promise<Result>): Promise<Result> {
  const database = await Database.open({ url, controlPoolSize: 1, dataPoolSize: 1, applicationName: 'bench' });
  try {
    return await use(database);
  } finally {
    await database.close();
  }
}
