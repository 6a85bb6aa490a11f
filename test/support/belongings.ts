import { randomBytes } from 'node:crypto';
import { encodeReading } from '../../src/core/state.js';
import { newLogId } from '../../src/store/log-id.js';
import { OperationStore } from '../../src/store/operations.js';
import type { Answer, ApiDeveloper, TestApi } from './api.js';
import { vehicle } from './api.js';
import { addAttempt, addEvent, addPending, addSettled } from './log-rows.js';
import { namesIn } from './operation-calls.js';
import type { Name, Names, Plan, Route } from './operation-calls.js';

/** A license that has one of everything, each with a mark that nobody else's things have. */
export class Belongings {
  private readonly keys = new Map<string, Promise<{ id: string; key: string }>>();

  private constructor(
    readonly developer: ApiDeveloper,
    readonly names: Names,
    /** Texts that stand in what it has and nowhere else: ids, names, URLs, vehicles, secrets, values. */
    readonly marks: readonly string[],
  ) {}

  static async of(api: TestApi): Promise<Belongings> {
    const developer = await api.developer();
    const mark = `mark-${randomBytes(4).toString('hex')}`;
    const secret = `secret-of-${mark}`;
    const target = { token: mark, targetUrl: api.target.url(`/token/${mark}`) };
    const [watched, shared] = [ownVehicle(), ownVehicle()];
    const [webhook, endpoint, apiKey] = await Promise.all([
      made(developer, '/v1/webhooks', {
        ...{ service: 'telemetry.signals', metricName: 'speed', condition: 'value > 0' },
        ...{ displayName: `webhook ${mark}`, description: `about ${mark}`, secret, headers: { 'X-Mark': mark } },
        ...{ targetURL: target.targetUrl, verificationToken: target.token },
      }),
      made(developer, '/v1/endpoints', {
        ...{ url: target.targetUrl, verificationToken: target.token, description: `endpoint ${mark}` },
      }),
      made(developer, '/v1/api-keys', { name: `key ${mark}`, scopes: ['webhooks:read'] }),
      developer.grant([watched, shared]),
    ]);
    await succeeded(developer.call('POST', `/v1/webhooks/${webhook}/subscribe/${watched}`));
    const ownEndpoint = String((await developer.config(webhook)).endpointId);
    const things = { license: developer.license, webhook, ownEndpoint, watched };
    const [rows, operation] = await Promise.all([loggedRows(api, things, mark), keptOperation(api, things)]);
    const names: Names = { ...things, ...target, ...rows, endpoint, shared, operation, apiKey };
    return new Belongings(developer, names, [...new Set([...Object.values(names), mark, secret])]);
  }

  /** A key of the license with these scopes, the same one each time. */
  key(scopes: readonly string[]): Promise<{ id: string; key: string }> {
    const already = this.keys.get(scopes.join());
    if (already !== undefined) return already;
    const made = succeeded(this.developer.call('POST', '/v1/api-keys', { name: 'a key', scopes }));
    const key = made.then(({ body }) => body as { id: string; key: string });
    this.keys.set(scopes.join(), key);
    return key;
  }
}

/** Belongings that many calls share, as long as none has used up what another needs: making them takes a while. */
export class SharedBelongings {
  private readonly made: { belongings: Belongings; usedUp: Set<Name> }[] = [];

  constructor(private readonly api: TestApi) {}

  /** Somebody of whose things the plan finds as they were made whatever it names and whatever it uses up. */
  async for(route: Route, plan: Plan): Promise<Belongings> {
    const { usesUp = [] } = plan;
    const needed = [...namesIn(route, plan), ...usesUp];
    let found = this.made.find(({ usedUp }) => needed.every((name) => !usedUp.has(name)));
    if (found === undefined) {
      found = { belongings: await Belongings.of(this.api), usedUp: new Set() };
      this.made.push(found);
    }
    for (const name of usesUp) found.usedUp.add(name);
    return found.belongings;
  }
}

/** With as many digits as any, so that unknown ones are of the same length. */
function ownVehicle(): string {
  return vehicle(1_000_000_000 + (randomBytes(4).readUInt32BE() % 1_000_000_000));
}

async function made(developer: ApiDeveloper, path: string, body: object): Promise<string> {
  return (await succeeded(developer.call('POST', path, body))).body.id as string;
}

async function succeeded(answering: Promise<Answer>): Promise<Answer> {
  const answer = await answering;
  if (answer.status >= 300) throw new Error(`refused: ${answer.text}`);
  return answer;
}

interface Things {
  license: string;
  webhook: string;
  ownEndpoint: string;
  watched: string;
}

/** What engines and senders would have written. */
async function loggedRows(
  api: TestApi,
  { license, webhook, ownEndpoint, watched }: Things,
  mark: string,
): Promise<Pick<Names, 'delivery' | 'event' | 'place'>> {
  const { pool } = api.database;
  const payload = JSON.stringify({ specversion: '1.0', type: 'dimo.trigger', data: { value: mark } });
  const about = { license, triggerId: webhook, vehicle: watched, payload };
  const event = await addEvent(pool, about);
  const delivery = await addSettled(pool, 'failed', { endpointId: ownEndpoint, event, statusCode: 500, error: mark });
  await addAttempt(pool, delivery.id);
  await addPending(pool, { endpointId: ownEndpoint, event: await addEvent(pool, about), dueInSeconds: 3_600 });
  const location = { latitude: 0, longitude: 0, hdop: 0, heading: 0 };
  const reading = { kind: 'signal', valueNumber: 0, valueString: mark, valueLocation: location, source: mark } as const;
  await pool.query(
    `insert into states (trigger_id, vehicle, version, revision, fired_at, previous, sequence)
     values ($1, $2, 1, 1, now(), $3, 7)`,
    [webhook, watched, encodeReading(reading)],
  );
  const { rows } = await pool.query<{ xid: string }>('select xid::text from events where id = $1', [event.id]);
  return { delivery: delivery.id, event: event.id, place: `${rows[0]!.xid}.e.${event.id}` };
}

/** A call that nobody goes on with. */
async function keptOperation(api: TestApi, { license, webhook, watched }: Things): Promise<string> {
  const call = { kind: 'subscribe' as const, actor: { license, requestId: 'spec' }, triggerId: webhook };
  const progress = { place: 0, done: 0, changed: 0, already: 0, failed: [], failedCount: 0 };
  const state = { call, eventId: newLogId(), progress, total: 1 };
  return (await new OperationStore(api.database).create(state, [watched])).id;
}
