import { createHash, randomUUID } from 'node:crypto';
import type { Database } from '../../src/store/database.js';
import { SubscriptionStore } from '../../src/store/subscriptions.js';
import { type TriggerChange, TriggerStore } from '../../src/store/triggers.js';
import type { IndexFollower } from './index-follower.js';
import type { Random } from './random.js';
import { actorOf, LICENSE, newTrigger, vehicleOf, UNLIMITED } from './triggers.js';

export interface FleetSize {
  triggers: number;
  vehicles: number;
}

/** What a writer knows of a trigger of its own: the truth, once its change was answered. */
interface ModelTrigger {
  id: string;
  vehicles: Set<number>;
  isEnabled: boolean;
  /** Whether the readings of this test meet its condition. */
  isLow: boolean;
  isDeleted: boolean;
  /** Records about it that were not processed yet: meanwhile it is left alone, for nobody could say what they meet. */
  probes: number;
}

/** A record that was produced after a change, and whether the change says that the trigger fires. */
interface Probe {
  value: number;
  triggerId: string;
  fires: boolean;
  change: string;
}

const SUBSCRIPTIONS_OF_VEHICLE = 10;
/** A prime, so that the ten triggers of a vehicle are different ones. */
const STRIDE = 7_919;
const CONDITIONS = { low: 'valueNumber > 0.0', high: 'valueNumber > 1000000000.0' };

/** Vehicles of a call in bulk: more than go into one transaction. */
const MANY = 2_500;
/** What is done, each as often as it stands here. */
const KINDS = [
  ...(['subscribe', 'subscribe', 'subscribe', 'subscribe', 'subscribe', 'subscribe'] as const),
  ...(['unsubscribe', 'unsubscribe', 'unsubscribe', 'unsubscribe', 'unsubscribe'] as const),
  ...(['subscribeMany', 'unsubscribeAll', 'create', 'create', 'remove'] as const),
  ...(['rewrite', 'rewrite', 'toggle', 'toggle'] as const),
];

const triggerIdOf = (n: number) => {
  const hex = createHash('md5').update(`trigger ${n}`).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** Writes triggers on every positive speed, and ten subscriptions for each vehicle, as rows. */
export async function writeFleet(database: Database, { triggers, vehicles }: FleetSize): Promise<void> {
  await database.session(async (client) => {
    await client.query('begin; set local statement_timeout = 0');
    const insert = (sql: string, values: unknown[]) =>
      client.query(Object.assign({ text: sql, values }, { query_timeout: 300_000 }));
    await insert(
      `insert into triggers (id, license, service, metric_name, metric_kind, metric, value_kind, condition,
         normalized_condition, cooldown_seconds, display_name, name_key, description, status, revision, metric_revision,
         endpoint_id, created_at, updated_at)
       select md5('trigger ' || t)::uuid, $2, 'telemetry.signals', 'speed', 'signal', 'speed', 'number', $3, $3, 0,
         'Trigger ' || t, 'trigger ' || t, '', 'enabled', 1, 1, gen_random_uuid(), now(), now()
       from generate_series(0, $1::int - 1) t`,
      [triggers, LICENSE, CONDITIONS.low],
    );
    await insert(
      `insert into subscriptions (trigger_id, vehicle, created_at)
       select md5('trigger ' || i * ${STRIDE}::bigint % $1::int)::uuid, $3 || i / ${SUBSCRIPTIONS_OF_VEHICLE}, now()
       from generate_series(0, $2::int - 1) i`,
      [triggers, vehicles * SUBSCRIPTIONS_OF_VEHICLE, vehicleOf(0).slice(0, -1)],
    );
    await client.query('commit');
  });
  await database.dataSource.query('analyze triggers, subscriptions');
}

/**
 * Developers who change triggers and subscriptions at once, each those of their own. After each change, once it is
 * answered, every follower gets a record that shows whether it knows of it.
 */
export class IndexWriters {
  readonly vehicles: number;
  changes = 0;
  readonly probes: Probe[] = [];
  private readonly triggers: TriggerStore;
  private readonly subscriptions: SubscriptionStore;
  private readonly models: ModelTrigger[];
  private readonly probing: Promise<void>[] = [];
  private lastValue = 0;

  constructor(
    database: Database,
    size: FleetSize,
    private readonly followers: readonly IndexFollower[],
    private readonly dice: Random,
  ) {
    this.triggers = new TriggerStore(database, UNLIMITED);
    this.subscriptions = new SubscriptionStore(database, UNLIMITED);
    this.vehicles = size.vehicles;
    this.models = Array.from({ length: size.triggers }, (_, n) => modelOf(triggerIdOf(n)));
    for (let i = 0; i < size.vehicles * SUBSCRIPTIONS_OF_VEHICLE; i++) {
      this.models[(i * STRIDE) % size.triggers]!.vehicles.add(Math.floor(i / SUBSCRIPTIONS_OF_VEHICLE));
    }
  }

  /** Subscriptions as they must be. */
  get subscriptionCount(): number {
    return this.models.reduce((sum, { vehicles }) => sum + vehicles.size, 0);
  }

  /** Makes changes until there were so many in all; `writers` at once. Does not wait for the followers. */
  async write(until: number, writers: number): Promise<void> {
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        while (this.changes < until) {
          this.changes += 1;
          await this.change(this.pick(writer, writers));
        }
      }),
    );
  }

  /** Resolves when the followers have processed every record. */
  async processed(): Promise<void> {
    await Promise.all(this.probing);
  }

  /** A trigger of this writer that stands, and that nothing is being asked about. */
  private pick(writer: number, writers: number): ModelTrigger {
    for (;;) {
      const at = this.dice.below(this.models.length);
      const model = this.models[at - (at % writers) + writer];
      if (model && !model.isDeleted && model.probes === 0) return model;
    }
  }

  private async change(model: ModelTrigger): Promise<void> {
    const name = KINDS[this.dice.below(KINDS.length)]!;
    if (name === 'create') model = modelOf(randomUUID());
    model.probes += 1;
    const vehicle = await this[name](model);
    model.probes -= 1;
    this.probe(model, vehicle, name);
    if (name === 'create') this.models.push(model);
  }

  /** Has every follower process a record of a vehicle from now on. */
  private probe(model: ModelTrigger, vehicle: number, change: string): void {
    const fires = model.isEnabled && model.isLow && model.vehicles.has(vehicle);
    for (const follower of this.followers) {
      const value = ++this.lastValue;
      this.probes.push({ value, triggerId: model.id, fires, change });
      model.probes += 1;
      this.probing.push(follower.produce(vehicleOf(vehicle), value).then(() => void (model.probes -= 1)));
    }
  }

  // Each makes a change, waits for the answer, and resolves to a vehicle that it concerns.

  private async subscribe(model: ModelTrigger): Promise<number> {
    const vehicle = this.dice.below(this.vehicles);
    await this.add(model, [vehicle]);
    return vehicle;
  }

  private async subscribeMany(model: ModelTrigger): Promise<number> {
    const vehicles = Array.from({ length: MANY }, () => this.dice.below(this.vehicles));
    await this.add(model, vehicles);
    return vehicles.at(-1)!;
  }

  private async add(model: ModelTrigger, vehicles: readonly number[]): Promise<void> {
    const { kind } = await this.subscriptions.add(actorOf(), model.id, vehicles.map(vehicleOf));
    if (kind !== 'ok') throw new Error(`subscribing was answered ${kind}`);
    for (const vehicle of vehicles) model.vehicles.add(vehicle);
  }

  private async unsubscribe(model: ModelTrigger): Promise<number> {
    const vehicle = this.oneOf(model);
    await this.subscriptions.remove(actorOf(), model.id, [vehicleOf(vehicle)]);
    model.vehicles.delete(vehicle);
    return vehicle;
  }

  private async unsubscribeAll(model: ModelTrigger): Promise<number> {
    const vehicle = this.oneOf(model);
    await this.subscriptions.remove(actorOf(), model.id, await this.subscriptions.vehicles(model.id));
    model.vehicles.clear();
    return vehicle;
  }

  private async create(model: ModelTrigger): Promise<number> {
    const condition = { condition: CONDITIONS.low, normalizedCondition: CONDITIONS.low };
    await this.triggers.create(actorOf(), newTrigger({ id: model.id, ...condition, cooldownSeconds: 0 }));
    return this.subscribe(model);
  }

  private async rewrite(model: ModelTrigger): Promise<number> {
    const condition = model.isLow ? CONDITIONS.high : CONDITIONS.low;
    await this.update(model, { condition, normalizedCondition: condition });
    model.isLow = !model.isLow;
    return this.oneOf(model);
  }

  private async toggle(model: ModelTrigger): Promise<number> {
    await this.update(model, { status: model.isEnabled ? 'disabled' : 'enabled' });
    model.isEnabled = !model.isEnabled;
    return this.oneOf(model);
  }

  private async update(model: ModelTrigger, change: TriggerChange): Promise<void> {
    const { kind } = await this.triggers.update(actorOf(), model.id, change);
    if (kind !== 'updated') throw new Error(`an update was answered ${kind}`);
  }

  private async remove(model: ModelTrigger): Promise<number> {
    const vehicle = this.oneOf(model);
    await this.triggers.remove(actorOf(), model.id);
    model.isDeleted = true;
    model.vehicles.clear();
    return vehicle;
  }

  /** One of its vehicles, or any when it has none. */
  private oneOf({ vehicles }: ModelTrigger): number {
    const [first = this.dice.below(this.vehicles)] = vehicles;
    return first;
  }
}

function modelOf(id: string): ModelTrigger {
  return { id, vehicles: new Set(), isEnabled: true, isLow: true, isDeleted: false, probes: 0 };
}
