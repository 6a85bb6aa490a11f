import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { DimoPermissions } from '../src/access/dimo-permissions.js';
import { PermissionCheck } from '../src/delivery/permission-check.js';
import { silentLog } from '../src/observability/log.js';
import type { Bench, BenchContext, BenchReport } from './bench.js';
import { ExchangeProcess } from './exchange-process.js';
import { quantile } from './quantile.js';

const SETTINGS = {
  vehicles: 100_000,
  seconds: 60,
  licenses: 10,
  calls: 64,
  leastMs: 5,
  mostMs: 50,
  hangingSeconds: 30,
};
type Settings = typeof SETTINGS;

/** Vehicles are asked for in steps of this. */
const STEP_MS = 10;
const TIMEOUT_MS = 5_000;
const PERMISSION = 'privilege:GetNonLocationHistory';

/** What a fleet that fires all at once asks of the service of permissions. */
export const permissions: Bench = {
  name: 'permissions',
  summary: 'Permissions of a fleet that fires within a minute: calls, memory, and the time to the last verdict',
  defaults: SETTINGS,
  trial: { vehicles: 500, seconds: 1, hangingSeconds: 1 },
  isPartOfAll: false,
  run,
};

/** What one way of asking came to. */
interface Round {
  name: string;
  verdicts: number;
  unknown: number;
  ms: number;
  calls: number;
  mostOpen: number;
  mostUnderWay: number;
  megabytes: number;
  /** From asking to the verdict, ms. */
  waitsMs: number[];
}

async function run({ settings: given, progress }: BenchContext): Promise<BenchReport> {
  const settings = given as Settings;
  const stub = await ExchangeProcess.start();
  const rounds: Round[] = [];
  try {
    await stub.tell(settings, false);
    // Warms everything up and does not count.
    await bare(stub, { ...settings, vehicles: settings.vehicles / 20 });
    for (const round of [bare, atOnce, paced, hanging]) {
      await stub.tell(settings, round === hanging);
      rounds.push(await round(stub, settings));
      const { name, ms, calls, unknown } = rounds.at(-1)!;
      progress(`${name}: ${seconds(ms)}, ${calls} calls, ${unknown} unknown`);
    }
  } finally {
    stub.stop();
  }
  return report(rounds, settings);
}

/** As many loops as calls may be open, each making one call after the other, with nothing around grpc. */
async function bare(stub: ExchangeProcess, settings: Settings): Promise<Round> {
  const client = new Client(stub.address, credentials.createInsecure());
  const asIs = (bytes: Buffer) => bytes;
  const call = (at: number) =>
    new Promise<void>((resolve, reject) => {
      const deadline = Date.now() + TIMEOUT_MS;
      client.makeUnaryRequest(PATH, asIs, asIs, requestOf(at, settings), new Metadata(), { deadline }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  const round = await measured(
    'bare grpc loop',
    stub,
    () => 0,
    async (settled) => {
      let next = 0;
      const loop = async () => {
        while (next < settings.vehicles) {
          const askedMs = performance.now();
          await call(next++);
          settled('granted', askedMs);
        }
      };
      await Promise.all(Array.from({ length: settings.calls }, loop));
    },
  );
  client.close();
  return round;
}

/** The provider, with lists as the REST API makes them, one after the other for each license. */
async function atOnce(stub: ExchangeProcess, settings: Settings): Promise<Round> {
  const provider = newProvider(stub, settings);
  const perLicense = Math.ceil(settings.vehicles / settings.licenses);
  const round = await measured(
    'lists of 1000',
    stub,
    () => provider.underWay,
    async (settled) => {
      const work = async (license: number) => {
        for (let from = 0; from < perLicense; from += 1_000) {
          const vehicles = Array.from({ length: Math.min(1_000, perLicense - from) }, (_, at) => vehicleOf(from + at));
          const askedMs = performance.now();
          const verdicts = await provider.check(licenseOf(license), vehicles, [PERMISSION]);
          for (const verdict of verdicts) settled(verdict, askedMs);
        }
      };
      await Promise.all(Array.from({ length: settings.licenses }, (_, license) => work(license)));
    },
  );
  provider.close();
  return round;
}

/** Deliveries: each vehicle fires once, and what nobody knew is asked for again when its wait is over. */
function paced(stub: ExchangeProcess, settings: Settings): Promise<Round> {
  return deliveries(`deliveries over ${settings.seconds} s`, stub, settings, () => true);
}

/** The same while the service takes every call and answers none; it ends after some seconds with what is left. */
function hanging(stub: ExchangeProcess, settings: Settings): Promise<Round> {
  const untilMs = performance.now() + settings.hangingSeconds * 1_000;
  return deliveries('deliveries, hanging service', stub, settings, () => performance.now() < untilMs);
}

async function deliveries(
  name: string,
  stub: ExchangeProcess,
  settings: Settings,
  goesOn: () => boolean,
): Promise<Round> {
  const provider = newProvider(stub, settings);
  const options = { cacheMs: 60_000, ticks: () => performance.now(), random: Math.random, log: silentLog };
  const check = new PermissionCheck({ ...options, provider });
  const round = await measured(
    name,
    stub,
    () => provider.underWay,
    async (settled) => {
      const deliver = async (at: number) => {
        const askedMs = performance.now();
        for (;;) {
          const answer = await check.ask(licenseOf(at % settings.licenses), vehicleOf(at), [PERMISSION]);
          settled(answer.kind, askedMs);
          if (answer.kind !== 'unknown' || !goesOn()) return;
          await sleep(answer.waitMs);
          if (!goesOn()) return;
        }
      };
      const all: Promise<void>[] = [];
      const startedMs = performance.now();
      const perMs = settings.vehicles / (settings.seconds * 1_000);
      while (all.length < settings.vehicles && goesOn()) {
        const due = Math.min(settings.vehicles, Math.ceil((performance.now() - startedMs) * perMs));
        while (all.length < due) all.push(deliver(all.length));
        await sleep(STEP_MS);
      }
      await Promise.all(all);
    },
  );
  provider.close();
  return round;
}

function newProvider({ address }: ExchangeProcess, { calls }: Settings): DimoPermissions {
  const places = { identityUrl: 'http://127.0.0.1:1', tokenExchangeAddress: address };
  return new DimoPermissions({ ...places, cacheSeconds: 0, concurrentCalls: calls, log: silentLog });
}

type Settle = (verdict: 'granted' | 'denied' | 'unknown', askedMs: number) => void;

async function measured(
  name: string,
  stub: ExchangeProcess,
  underWay: () => number,
  work: (settled: Settle) => Promise<void>,
): Promise<Round> {
  const before = process.memoryUsage().rss;
  const round: Round = {
    name,
    verdicts: 0,
    unknown: 0,
    ms: 0,
    calls: 0,
    mostOpen: 0,
    mostUnderWay: 0,
    megabytes: 0,
    waitsMs: [],
  };
  const look = () => {
    round.mostUnderWay = Math.max(round.mostUnderWay, underWay());
    round.megabytes = Math.max(round.megabytes, (process.memoryUsage().rss - before) / 2 ** 20);
  };
  const looking = setInterval(look, STEP_MS);
  const startedMs = performance.now();
  await work((verdict, askedMs) => {
    if (verdict === 'unknown') round.unknown += 1;
    else {
      round.verdicts += 1;
      round.waitsMs.push(performance.now() - askedMs);
    }
  });
  round.ms = performance.now() - startedMs;
  clearInterval(looking);
  return Object.assign(round, await stub.seen());
}

const PATH = '/grpc.TokenExchangeService/AccessCheck';

/** The three fields of the request; each text is shorter than 128 bytes. */
function requestOf(at: number, { licenses }: Settings): Buffer {
  const fields = [licenseOf(at % licenses), vehicleOf(at), PERMISSION].map((text, index) => {
    const bytes = Buffer.from(text);
    return Buffer.concat([Buffer.from([(index + 1) * 8 + 2, bytes.length]), bytes]);
  });
  return Buffer.concat(fields);
}

function licenseOf(at: number): string {
  return `0x${String(at).padStart(40, '1')}`;
}

function vehicleOf(at: number): string {
  return `did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:${at}`;
}

function report(rounds: readonly Round[], settings: Settings): BenchReport {
  const [plain, lists, pacedRound, out] = rounds as [Round, Round, Round, Round];
  const share = (round: Round, part: number) =>
    round.waitsMs.length === 0 ? '-' : `${quantile(round.waitsMs, part).toFixed(0)} ms`;
  const ratio = (round: Round) => (round.ms / plain.ms).toFixed(2);
  return {
    measured:
      `${settings.vehicles} vehicles of ${settings.licenses} licenses; the service is another process and takes ` +
      `${settings.leastMs} to ${settings.mostMs} ms. Under way is what is asked for or waits for it in the provider.`,
    details: {
      columns: [
        'round',
        'verdicts',
        'unknown',
        'time',
        'ratio',
        'calls',
        'open at once',
        'under way',
        'memory',
        'p50',
        'p99',
        'longest',
      ],
      rows: rounds.map((round) => [
        ...[round.name, String(round.verdicts), String(round.unknown), seconds(round.ms), ratio(round)],
        ...[
          String(round.calls),
          String(round.mostOpen),
          String(round.mostUnderWay),
          `+${round.megabytes.toFixed(0)} MiB`,
        ],
        ...[0.5, 0.99, 1].map((part) => share(round, part)),
      ]),
    },
    findings: [
      `Lists take ${ratio(lists)} times as long as bare calls; deliveries that fire within ${settings.seconds} s have their ` +
        `last verdict after ${ratio(pacedRound)} times that, with ${pacedRound.mostOpen} calls open and at most ` +
        `${pacedRound.mostUnderWay} vehicles under way.`,
      `While the service hangs, ${settings.vehicles} vehicles make ${out.calls} calls in ${seconds(out.ms)}, ` +
        `with at most ${out.mostUnderWay} under way.`,
    ],
  };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
