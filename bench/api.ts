import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { createAuthority } from '../dev/certificates.js';
import { Database } from '../src/store/database.js';
import { addCaller, type ApiCaller, vehicleOf } from './api-fleet.js';
import { type ApiServers, startApiServers } from './api-servers.js';
import type { Bench, BenchContext, BenchReport } from './bench.js';
import { type Comparison, inTurn } from './comparison.js';

/** Requests of one kind, of one side, in one round; then what they are about. */
const SETTINGS = {
  ...{ creates: 160, createsShared: 160, lists: 32, subscribes: 240, subscribeLists: 16 },
  ...{ clients: 8, webhooks: 1_000, vehicles: 1_000, rounds: 5 },
};
type Settings = typeof SETTINGS;
type Kind = 'creates' | 'createsShared' | 'lists' | 'subscribes' | 'subscribeLists';

const AT_LEAST = 0.5;
const TOKEN = 'bench-token';

/** What requests to the REST surface cost beside the same writes and reads without it. */
export const api: Bench = {
  name: 'api',
  summary: 'Requests a second to the REST surface',
  defaults: SETTINGS,
  trial: {
    ...{ creates: 8, createsShared: 8, lists: 8, subscribes: 8, subscribeLists: 8 },
    ...{ clients: 2, webhooks: 50, vehicles: 50, rounds: 1 },
  },
  isPartOfAll: true,
  run,
};

/** What the requests are about. */
interface World {
  servers: ApiServers;
  /** Each client is another license, so that none waits for what is kept in order for one. */
  callers: readonly ApiCaller[];
  /** Has many webhooks. */
  lister: ApiCaller;
  target: string;
  vehicles: number;
  /** How many requests of a kind each caller has made: none is made twice. */
  made: Map<string, number>;
}

interface Call {
  method: 'GET' | 'POST';
  path: string;
  body?: object;
}

const KINDS: Readonly<Record<Kind, { what: string; callOf(world: World, caller: ApiCaller, place: number): Call }>> = {
  creates: {
    what: 'create a webhook',
    callOf: ({ target }, _caller, place) => {
      return create({ ...webhook('own', place), targetURL: target, verificationToken: TOKEN });
    },
  },
  createsShared: {
    what: 'create a webhook at a shared endpoint',
    callOf: (_world, { endpointId }, place) => create({ ...webhook('shared', place), endpointId }),
  },
  lists: { what: 'list all webhooks', callOf: () => ({ method: 'GET', path: '/v1/webhooks' }) },
  subscribes: {
    what: 'subscribe one vehicle',
    callOf: ({ vehicles }, { triggerIds }, place) => {
      const triggerId = triggerIds[Math.floor(place / vehicles)]!;
      return { method: 'POST', path: `/v1/webhooks/${triggerId}/subscribe/${vehicleOf(place % vehicles)}` };
    },
  },
  subscribeLists: {
    what: 'subscribe a list of vehicles',
    callOf: ({ vehicles }, { triggerIds }, place) => {
      const assetDIDs = Array.from({ length: vehicles }, (_, vehicle) => vehicleOf(vehicle));
      const path = `/v1/webhooks/${triggerIds[triggerIds.length - 1 - place]!}/subscribe/list`;
      return { method: 'POST', path, body: { assetDIDs } };
    },
  },
};

async function run({ databaseUrl, settings: given, progress }: BenchContext): Promise<BenchReport> {
  const settings = given as Settings;
  const target = await startTarget();
  try {
    const world = { ...(await addWorld(databaseUrl, settings)), target: `https://${target.address}/`, made: new Map() };
    const servers = await startApiServers(databaseUrl, target);
    try {
      return report(await compareAll({ ...world, servers }, settings, progress), settings);
    } finally {
      await servers.stop();
    }
  } finally {
    await target.stop();
  }
}

async function compareAll(world: World, settings: Settings, progress: BenchContext['progress']): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const kind of Object.keys(KINDS) as Kind[]) {
    progress(KINDS[kind].what);
    const measure = {
      floor: () => rateOf(world, 'floor', kind, settings),
      ours: () => rateOf(world, 'ours', kind, settings),
    };
    // Warms both up and does not count.
    await inTurn(1, measure, () => undefined);
    comparisons.push({
      what: KINDS[kind].what,
      unit: 'requests/s',
      rounds: await inTurn(settings.rounds, measure, progress),
      target: { kind: 'at least', ratio: AT_LEAST },
    });
  }
  return comparisons;
}

/** Requests a second with as many clients as there are connections. */
async function rateOf(world: World, side: 'floor' | 'ours', kind: Kind, settings: Settings): Promise<number> {
  const { callers, lister } = world;
  const pool = new Pool(world.servers[side], { connections: settings.clients, pipelining: 1 });
  const each = Math.ceil(settings[kind] / callers.length);
  const startedMs = performance.now();
  const work = async (caller: ApiCaller) => {
    for (let count = 0; count < each; count++) await send(pool, caller, nextCall(world, kind, caller));
  };
  await Promise.all(callers.map((caller) => work(kind === 'lists' ? lister : caller)));
  const elapsedMs = performance.now() - startedMs;
  await pool.close();
  return ((each * callers.length) / elapsedMs) * 1_000;
}

function nextCall(world: World, kind: Kind, caller: ApiCaller): Call {
  const counter = `${caller.license} ${kind}`;
  const place = world.made.get(counter) ?? 0;
  world.made.set(counter, place + 1);
  return KINDS[kind].callOf(world, caller, place);
}

/** Both get all headers; throws when it is refused, or a list lacks something. */
async function send(pool: Pool, { license, key, triggerIds }: ApiCaller, { method, path, body }: Call): Promise<void> {
  const headers = {
    ...{ authorization: `Bearer ${key}`, 'x-license': license },
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const answer = await pool.request({ path, method, headers, body: body === undefined ? null : JSON.stringify(body) });
  const bytes = await answer.body.arrayBuffer();
  const isWhole = method === 'POST' || bytes.byteLength > triggerIds.length * LEAST_OF_WEBHOOK;
  if (answer.statusCode < 300 && isWhole) return;
  throw new Error(`${method} ${path}: ${answer.statusCode} ${Buffer.from(bytes).toString().slice(0, 500)}`);
}

/** Bytes. */
const LEAST_OF_WEBHOOK = 200;

function webhook(name: string, place: number): object {
  return {
    ...{ service: 'telemetry.signals', metricName: 'speed', coolDownPeriod: 30, status: 'enabled' },
    condition: `value > ${place}.5 && previousValue <= ${place}.5`,
    displayName: `Too fast ${name} ${place}`,
    description: 'Tells the dispatcher that a van is faster than it may be.',
  };
}

function create(body: object): Call {
  return { method: 'POST', path: '/v1/webhooks', body };
}

/** Writes licenses with what all requests of a run need. */
async function addWorld(
  databaseUrl: string,
  settings: Settings,
): Promise<Pick<World, 'callers' | 'lister' | 'vehicles'>> {
  const sizes = { controlPoolSize: 2, dataPoolSize: 2 };
  const database = await Database.open({ url: databaseUrl, ...sizes, applicationName: 'tripline bench api' });
  try {
    const { clients, rounds, vehicles } = settings;
    // Both sides, and the round that does not count.
    const requests = (kind: Kind) => Math.ceil(settings[kind] / clients) * (rounds + 1) * 2;
    const triggers = Math.ceil(requests('subscribes') / vehicles) + requests('subscribeLists');
    const callers: ApiCaller[] = [];
    while (callers.length < clients) callers.push(await addCaller(database, { triggers, vehicles }));
    const lister = await addCaller(database, { triggers: settings.webhooks, vehicles: 0 });
    await database.pool.query('analyze');
    return { callers, lister, vehicles };
  } finally {
    await database.close();
  }
}

/** A target that passes its handshake. */
async function startTarget(): Promise<{ address: string; caPem: string; stop(): Promise<void> }> {
  const authority = await createAuthority();
  const { certPem, keyPem } = await authority.issue(['127.0.0.1']);
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    request.resume().once('end', () => response.end(TOKEN));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    caPem: authority.caPem,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function report(comparisons: Comparison[], { clients, webhooks, vehicles }: Settings): BenchReport {
  return {
    measured:
      `${clients} clients of as many licenses, each with a connection, an API key and grants in the database; ` +
      `${webhooks} webhooks in the list, ${vehicles} vehicles in a list. The floor is a bare Nest application whose handlers ` +
      'call the same store: no authentication, no checks, no limits of requests, no log, no views.',
    comparisons,
    findings: [],
  };
}
