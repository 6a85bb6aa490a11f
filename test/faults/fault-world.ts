/** The product as processes of its own roles, on servers of a test's own, with a fleet that goes on through every fault. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';
import kafkajs, { type Admin } from 'kafkajs';
import pg from 'pg';
import { Crew, type Role } from '../support/crew.js';
import { vehiclesWith, type FleetVehicle } from '../support/fleet-load.js';
import {
  expectedOf,
  verdictOf,
  FLEET_RULES,
  type Expected,
  type FleetRule,
  type Watch,
} from '../support/fleet-model.js';
import { Leftovers } from '../support/leftovers.js';
import { OwnKafka } from '../support/own-kafka.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { eventually, type Product } from '../support/product.js';
import { LICENSE, ProductSetup } from '../support/product-setup.js';
import { Developer } from '../support/developer.js';
import { readiness } from '../support/refused-start.js';
import { expectedOutcome, storedOutcome, type StoredOutcome } from '../support/stored-outcome.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { readTopics, type TopicRecord } from '../support/topic-reader.js';
import { KafkaClient, Load } from './fault-load.js';

/** A dead engine's partitions and a dead sender's endpoints are free again after these; failed deliveries come soon again. */
const SHORT_TIMES = {
  KAFKA_SESSION_TIMEOUT_MS: '2000',
  DELIVERY_LEASE_SECONDS: '3',
  DELIVERY_RETRY_SCHEDULE: '1s,1s,1s,1s,1s,1s,1s,1s',
};
/** No step of a clock ends a token. */
const FAR_AHEAD_SECONDS = 100 * 86_400;
const SETTLE_PATIENCE_MS = 90_000;
const END_PATIENCE_MS = 30_000;
const LAG = 'tripline_consumer_lag_records';

export interface FaultWorldOptions {
  partitions?: number;
  rules?: readonly FleetRule[];
  vehicles?: number;
  /** Servers that the test has started; the world removes them. */
  postgres?: OwnPostgres;
  kafka?: OwnKafka;
  /** For every process, beside the short times. */
  environment?: Record<string, string>;
}

export interface Settlement {
  /** Records that were on the topic and are no longer. */
  deleted?: readonly TopicRecord[];
  /** The model, where it is another than that of all records for all webhooks. */
  expected?: (records: TopicRecord[]) => Expected;
  /** What the database says besides, where something is told. */
  stored?: Partial<StoredOutcome>;
  /** Messages of error lines that this outage explains. */
  errors?: readonly RegExp[];
}

/** A test's work in a world of its own, which is taken down after it. */
export const inWorld =
  (happen: (world: FaultWorld) => Promise<void>, options?: FaultWorldOptions) => async (): Promise<void> => {
    const world = await FaultWorld.create(options);
    try {
      await happen(world);
    } finally {
      await world.stop();
    }
  };

export class FaultWorld {
  readonly crew: Crew;
  readonly watches: (Watch & { vehicles: Set<string> })[] = [];
  readonly fleet: FleetVehicle[];
  readonly load: Load;

  private constructor(
    readonly postgres: OwnPostgres,
    readonly kafka: OwnKafka,
    /** Between the product and PostgreSQL. */
    readonly proxy: TcpProxy,
    readonly setup: ProductSetup,
    private readonly client: KafkaClient,
    private readonly options: FaultWorldOptions,
    private readonly leftovers: Leftovers,
  ) {
    this.crew = new Crew({ ...setup.environment, ...SHORT_TIMES, ...options.environment });
    this.fleet = vehiclesWith('did', 1, options.vehicles ?? 12);
    this.load = new Load(client.producer, setup.topics.signals, this.fleet);
  }

  /** One process of each role is ready, the fleet is watched, and the load is on. One world is made after the other. */
  static create(options: FaultWorldOptions = {}): Promise<FaultWorld> {
    const made = FaultWorld.lastMade.then(() => FaultWorld.make(options));
    FaultWorld.lastMade = made.catch(() => undefined);
    return made;
  }

  private static lastMade: Promise<unknown> = Promise.resolve();

  private static async make(options: FaultWorldOptions): Promise<FaultWorld> {
    const leftovers = new Leftovers();
    try {
      return await FaultWorld.assemble(options, leftovers);
    } catch (error) {
      await leftovers.clear();
      throw error;
    }
  }

  private static async assemble(options: FaultWorldOptions, leftovers: Leftovers): Promise<FaultWorld> {
    const postgres = await leftovers.started(options.postgres ?? OwnPostgres.start(), (one) => one.remove());
    const kafka = await leftovers.started(options.kafka ?? OwnKafka.start(), (one) => one.remove());
    const proxy = await leftovers.started(TcpProxy.start(postgres.port), (one) => one.stop());
    const productDatabaseUrl = databaseUrlOver(proxy, postgres);
    const parts = { databaseUrl: postgres.url, brokers: kafka.address, productDatabaseUrl };
    const created = ProductSetup.create({ partitions: options.partitions ?? 4, parts });
    const setup = await leftovers.started(created, (one) => one.stop());
    const client = await leftovers.started(KafkaClient.connect(kafka.address), (one) => one.disconnect());
    const world = new FaultWorld(postgres, kafka, proxy, setup, client, options, leftovers);
    await leftovers.started(world, () => world.crew.killAll());
    await world.start('api', 'api');
    setup.product = world.of('api');
    await Promise.all([world.start('engine', 'engine'), world.start('delivery', 'delivery'), world.watch()]);
    await leftovers.started(world.load, (load) => load.stop());
    world.load.start();
    await world.firingsArrive(10);
    return world;
  }

  /** Starts a process; resolves when it is ready. */
  async start(name: string, role: Role, environment?: Record<string, string>): Promise<Product> {
    return (await this.crew.start(role, name, environment)).product;
  }

  of(name: string): Product {
    return this.crew.of(name).product;
  }

  /** A way to PostgreSQL that one process alone has, for its `DATABASE_URL`. */
  async ownWay(): Promise<{ proxy: TcpProxy; url: string }> {
    const proxy = await this.leftovers.started(TcpProxy.start(this.postgres.port), (one) => one.stop());
    return { proxy, url: databaseUrlOver(proxy, this.postgres) };
  }

  get admin(): Admin {
    return this.client.admin;
  }

  /** Resolves when so many more firings have arrived than now, repeats not counted. */
  async firingsArrive(count: number, timeoutMs = 40_000): Promise<void> {
    const { received } = this.setup.receiver;
    const seen = new Set<string>();
    let read = 0;
    const look = () => {
      for (; read < received.length; read++) seen.add(received[read]!.event.id);
      return seen.size;
    };
    const wanted = look() + count;
    await eventually(() => look() >= wanted, `${count} more firings arrive`, timeoutMs);
  }

  /** Resolves when a check of a process's `/ready` says so. */
  async check(name: string, check: string, passes: boolean, timeoutMs?: number): Promise<void> {
    const what = `${name} says that ${check} is ${passes}`;
    await eventually(async () => (await readiness(this.of(name))).checks[check] === passes, what, timeoutMs);
  }

  /** Resolves when every process says that every check passes. */
  async allReady(timeoutMs = 30_000): Promise<void> {
    for (const { name, product } of this.crew.members) {
      const isReady = async () => (await readiness(product)).status === 200;
      await eventually(isReady, `${name} is ready`, timeoutMs);
    }
  }

  /** Resolves when the engines have so many partitions of the signals each, by the word of the broker. */
  async partitionsAre(wanted: Record<string, number>): Promise<void> {
    const { KAFKA_GROUP_ID } = this.setup.environment;
    const arePlaced = async () => {
      const { groups } = await this.admin.describeGroups([KAFKA_GROUP_ID!]);
      const { state, members } = groups[0]!;
      const found = members.map(({ clientId, memberAssignment }): [string, number] => {
        const assigned = kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment);
        return [clientId, assigned?.assignment[this.setup.topics.signals]?.length ?? 0];
      });
      return state === 'Stable' && isDeepStrictEqual(Object.fromEntries(found), wanted);
    };
    await eventually(arePlaced, `partitions are ${JSON.stringify(wanted)}`, 40_000);
  }

  /** Subscribes one more vehicle to the webhook of this path, and lets it send. */
  async join(vehicle: FleetVehicle, path: string): Promise<void> {
    const token = await this.setup.issuer.issue({ license: LICENSE, expiresIn: FAR_AHEAD_SECONDS });
    const watch = this.watches.find(({ rule }) => rule.path === path);
    await new Developer(this.of('api'), LICENSE, token).subscribe(watch!.webhookId, [vehicle.did]);
    watch!.vehicles.add(vehicle.did);
    this.fleet.push(vehicle);
  }

  /** Resolves when a metric of a process is as asked. */
  async metric(name: string, metric: string, fits: (value: number) => boolean, timeoutMs?: number): Promise<void> {
    const product = this.of(name);
    await eventually(async () => fits(await product.metric(metric)), `${metric} of ${name} ${String(fits)}`, timeoutMs);
  }

  /** Resolves when the lag of the engine is as asked. */
  async lag(fits: (records: number) => boolean, timeoutMs?: number): Promise<void> {
    await this.metric('engine', LAG, fits, timeoutMs);
  }

  /** Rows of the database, past the proxy. */
  async rows<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.postgres.url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** What is on the topic of signals now. */
  records(): Promise<TopicRecord[]> {
    return readTopics(this.kafka.address, [this.setup.topics.signals]);
  }

  /**
   * Ends the load and compares what arrived with the model of what is really on the topic: nothing lost, nothing doubled,
   * repeats the same to the byte, what was acknowledged is there. Then all of it is processed, the database says the same
   * and nothing more, nobody told of an error that the outage does not explain, and everybody is ready again.
   */
  async settle({ deleted = [], expected = this.model, stored = {}, errors }: Settlement = {}): Promise<void> {
    await this.load.stop();
    const records = [...deleted, ...(await this.records())];
    this.expectAcknowledged(records);
    const model = expected(records);
    const { firings } = model;
    const { received } = this.setup.receiver;
    const seen = () => new Set(received.map(({ event }) => event.id)).size;
    const all = eventually(() => seen() >= firings.size, 'every firing has arrived', SETTLE_PATIENCE_MS);
    await all.catch(() => undefined);
    const ended = eventually(() => this.isAtTheEnd(), 'all is processed and sent', END_PATIENCE_MS);
    await ended.catch(() => undefined);
    expect(verdictOf(firings, received)).toMatchObject({ lost: [], extra: [], wrong: [] });
    await ended;
    expect(await storedOutcome((sql) => this.rows(sql))).toEqual({ ...expectedOutcome(model), ...stored });
    expect(this.crew.unexplained(errors)).toEqual([]);
    expect(this.crew.fallen).toEqual([]);
    expect(firings.size).toBeGreaterThan(20);
    await this.allReady();
  }

  /** The model of these records, for the webhooks of this world. */
  readonly model = (records: TopicRecord[]): Expected => expectedOf(records, this.watches);

  async stop(): Promise<void> {
    this.proxy.heal();
    this.kafka.thaw();
    for (const { product } of this.crew.members) product.thaw();
    await this.leftovers.clear();
  }

  /** What the broker said that it keeps, it keeps. */
  private expectAcknowledged(records: readonly TopicRecord[]): void {
    const kept = new Set(records.map(({ value }) => (JSON.parse(value!) as { id: string }).id));
    expect(this.load.acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  }

  private async isAtTheEnd(): Promise<boolean> {
    const ends = await this.admin.fetchTopicOffsets(this.setup.topics.signals);
    const [left] = await this.rows<{ pending: string; done: string }>(
      `select (select count(*) from outbox) as pending,
              (select coalesce(sum(next_offset), 0) from stream_positions where topic = $1) as done`,
      [this.setup.topics.signals],
    );
    const end = ends.reduce((sum, { high }) => sum + BigInt(high), 0n);
    return left!.pending === '0' && BigInt(left!.done) === end;
  }

  private async watch(): Promise<void> {
    const developer = await this.setup.developer(LICENSE);
    const dids = this.fleet.map(({ did }) => did);
    const rules = this.options.rules ?? [FLEET_RULES.fast, FLEET_RULES.cooled, FLEET_RULES.geared];
    for (const rule of rules) {
      const { path, metric: metricName, condition, coolDownPeriod } = rule;
      const webhook = { metricName, condition, coolDownPeriod, targetURL: this.setup.receiver.url(path) };
      const { id: webhookId } = await developer.watch(webhook, dids);
      this.watches.push({ rule, webhookId, vehicles: new Set(dids) });
    }
  }
}

function databaseUrlOver(proxy: TcpProxy, postgres: OwnPostgres): string {
  return postgres.url.replace(`:${postgres.port}/`, `:${proxy.port}/`);
}
