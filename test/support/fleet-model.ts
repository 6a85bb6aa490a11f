/**
 * What must fire, computed from what is on the topics and from nothing of the product: the rules are written here a
 * second time, in plain JavaScript, as the documents tell them. Tests compare what arrived with it.
 */
import { createHash } from 'node:crypto';
import type { TopicRecord } from './topic-reader.js';

/** A reading as conditions see it: the value of its kind, and for events the duration. */
export type Value = number | string | Place;

export interface Place {
  latitude: number;
  longitude: number;
  hdop: number;
  heading: number;
}

export interface FleetRule {
  /** Its path at the receiver, and its name. */
  path: string;
  kind: 'signals' | 'events';
  metric: string;
  valueIn: 'valueNumber' | 'valueString' | 'valueLocation' | 'durationNs';
  condition: string;
  /** In seconds. */
  coolDownPeriod: number;
  /** The condition once more. `previous` is undefined before the first firing. */
  isMet(value: Value, previous: Value | undefined): boolean;
  /** Whether which samples fire depends on the order between them; such a rule is not for vehicles without keys. */
  needsOrder: boolean;
}

const speed = { kind: 'signals', metric: 'speed', valueIn: 'valueNumber', coolDownPeriod: 0 } as const;

/** One rule of each sort. Of each metric a fleet sends, some samples fire and more do not. */
export const FLEET_RULES = {
  fast: { ...speed, path: '/fast', condition: 'value > 114', isMet: (value) => Number(value) > 114, needsOrder: false },
  slow: { ...speed, path: '/slow', condition: 'value < 5', isMet: (value) => Number(value) < 5, needsOrder: false },
  cooled: {
    ...speed,
    ...{ path: '/cooled', condition: 'value > 60', coolDownPeriod: 300 },
    ...{ isMet: (value) => Number(value) > 60, needsOrder: true },
  },
  geared: {
    ...{ path: '/geared', kind: 'signals', metric: 'powertrainTransmissionCurrentGear', valueIn: 'valueNumber' },
    ...{ condition: 'value > 5 && value != previousValue', coolDownPeriod: 0, needsOrder: true },
    isMet: (value, previous = 0) => Number(value) > 5 && value !== previous,
  },
  faulty: {
    ...{ path: '/faulty', kind: 'signals', metric: 'obdDTCList', valueIn: 'valueString' },
    ...{ condition: 'value != "[]" && value != previousValue', coolDownPeriod: 0, needsOrder: true },
    isMet: (value, previous = '') => value !== '[]' && value !== previous,
  },
  abroad: {
    ...{ path: '/abroad', kind: 'signals', metric: 'currentLocationCoordinates', valueIn: 'valueLocation' },
    ...{ condition: 'value.latitude > 54.9', coolDownPeriod: 0, needsOrder: false },
    isMet: (value) => (value as Place).latitude > 54.9,
  },
  braking: {
    ...{ path: '/braking', kind: 'events', metric: 'behavior.harshBraking', valueIn: 'durationNs' },
    ...{ condition: 'durationNs > 800000000', coolDownPeriod: 0, needsOrder: false },
    isMet: (value) => Number(value) > 800_000_000,
  },
  /** Fires for every sample of a metric that only markers have: a marker that fired says that all before it is done. */
  marker: {
    ...{ path: '/marker', kind: 'signals', metric: 'powertrainTransmissionTravelledDistance', valueIn: 'valueNumber' },
    ...{ condition: 'value >= 0', coolDownPeriod: 0, isMet: () => true, needsOrder: false },
  },
} as const satisfies Record<string, FleetRule>;

/** A webhook with a rule, and who is subscribed to it. */
export interface Watch {
  rule: FleetRule;
  webhookId: string;
  /** Canonical DIDs, subscribed before their first record was produced. */
  vehicles: ReadonlySet<string>;
  /** Ids of reports that were produced, and gone through, while the webhook was disabled. */
  pausedReports?: ReadonlySet<string>;
}

export interface ExpectedFiring {
  id: string;
  path: string;
  webhookId: string;
  vehicle: string;
  value: Value;
  /** Undefined for a vehicle whose records are spread over partitions: there only the set of them is certain. */
  sequence: number | undefined;
}

export interface ExpectedDeadLetter {
  topic: string;
  partition: number;
  offset: bigint;
  /** Of the entry in its message; null for a message that cannot be read at all. */
  index: number | null;
}

/** What comes of the records, which are in the order of their partitions: firings by id, and poison by place. */
export interface Expected {
  firings: Map<string, ExpectedFiring>;
  deadLetters: ExpectedDeadLetter[];
}

interface Remembered {
  value: Value;
  timeMs: number;
  sequence: number;
}

interface Entry {
  name: string;
  [member: string]: unknown;
}

interface Report {
  id: string;
  subject: string;
  data: { signals?: Entry[]; events?: Entry[] };
}

/** Goes through the records once, as whoever read them one by one would. */
export function expectedOf(records: readonly TopicRecord[], watches: readonly Watch[]): Expected {
  const expected: Expected = { firings: new Map(), deadLetters: [] };
  const memory = new Map<string, Remembered>();
  for (const record of records) {
    const { topic, partition, offset } = record;
    const report = reportOf(record.value);
    if (!report) {
      expected.deadLetters.push({ topic, partition, offset, index: null });
      continue;
    }
    const kind = report.data.events ? 'events' : 'signals';
    (report.data[kind] ?? []).forEach((entry, index) => {
      if (isBroken(entry)) {
        if (isWatched(report.subject, watches)) expected.deadLetters.push({ topic, partition, offset, index });
      } else
        for (const firing of firingsOf({ record, report, kind, entry, index }, watches, memory)) add(expected, firing);
    });
  }
  return expected;
}

/**
 * Records of others are passed over unread. A vehicle counts as watched from its first record to its last: one that is
 * left by all of its webhooks for a while has letters of which nobody knows whether they are written.
 */
function isWatched(vehicle: string, watches: readonly Watch[]): boolean {
  return watches.some(({ vehicles }) => vehicles.has(vehicle));
}

function add({ firings }: Expected, firing: ExpectedFiring): void {
  if (firings.has(firing.id)) throw new Error(`the model is wrong: ${firing.id} fires twice`);
  firings.set(firing.id, firing);
}

interface Sample {
  record: TopicRecord;
  report: Report;
  kind: FleetRule['kind'];
  entry: Entry;
  index: number;
}

function* firingsOf(
  { record, report, kind, entry, index }: Sample,
  watches: readonly Watch[],
  memory: Map<string, Remembered>,
): Generator<ExpectedFiring> {
  const vehicle = report.subject;
  for (const { rule, webhookId, vehicles, pausedReports } of watches) {
    if (rule.kind !== kind || rule.metric !== entry.name) continue;
    if (!vehicles.has(vehicle) || pausedReports?.has(report.id)) continue;
    const isScattered = record.key === null;
    if (isScattered && rule.needsOrder) throw new Error(`${rule.path} is not for ${vehicle}, which has no key`);
    const before = memory.get(`${webhookId} ${vehicle}`);
    const value = entry[rule.valueIn] as Value;
    if (!rule.isMet(value, before?.value)) continue;
    const coolDownMs = rule.coolDownPeriod * 1000;
    if (before !== undefined && Math.abs(record.timeMs - before.timeMs) < coolDownMs) continue;
    const sequence = (before?.sequence ?? 0) + 1;
    memory.set(`${webhookId} ${vehicle}`, { value, timeMs: record.timeMs, sequence });
    const id = firingId(record.timeMs, [webhookId, vehicle, record.topic, 0, record.partition, record.offset, index]);
    yield { id, path: rule.path, webhookId, vehicle, value, sequence: isScattered ? undefined : sequence };
  }
}

/** UUIDv8: 48 bits of record time, then SHA-256 of webhook, vehicle, topic, log epoch, partition, offset and place. */
export function firingId(timeMs: number, cause: readonly (string | number | bigint)[]): string {
  const bytes = createHash('sha256').update(cause.join('\n')).digest().subarray(0, 16);
  bytes.writeUIntBE(timeMs, 0, 6);
  bytes[6] = (bytes[6]! % 16) + 128;
  bytes[8] = (bytes[8]! % 64) + 128;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Undefined for what is no JSON object. Fleets send no other poison than that, and entries of a wrong type. */
function reportOf(value: string | null): Report | undefined {
  try {
    return JSON.parse(value ?? '') as Report;
  } catch {
    return undefined;
  }
}

function isBroken(entry: Entry): boolean {
  return typeof entry.valueNumber === 'string';
}

/** What arrived of a firing, once for each request. */
export interface Arrived {
  path: string;
  body: string;
  headers: Record<string, unknown>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  event: { id: string; subject: string; data: Record<string, any>; [attribute: string]: unknown };
}

export interface Verdict {
  lost: string[];
  extra: string[];
  /** Whatever else is wrong, in words. */
  wrong: string[];
  /** Requests that said a firing once more. */
  repeats: number;
}

/** Compares what receivers got with the model: the sets of ids, what each says, and that repeats are the same to the byte. */
export function verdictOf(expected: ReadonlyMap<string, ExpectedFiring>, arrived: readonly Arrived[]): Verdict {
  const bodies = new Map<string, string>();
  const sequences = new Map<string, number[]>();
  const verdict: Verdict = { lost: [], extra: [], wrong: [], repeats: 0 };
  for (const { path, event, body, headers } of arrived) {
    const { id } = event;
    if (headers['webhook-id'] !== id)
      verdict.wrong.push(`${id} came with the webhook-id ${String(headers['webhook-id'])}`);
    const first = bodies.get(id);
    if (first !== undefined) {
      verdict.repeats++;
      if (first !== body) verdict.wrong.push(`${id} came with two bodies`);
      continue;
    }
    bodies.set(id, body);
    const firing = expected.get(id);
    if (firing) verdict.wrong.push(...differences(firing, { path, event }));
    else verdict.extra.push(id);
    const key = `${String(event.producer)} ${event.subject}`;
    sequences.set(key, [...(sequences.get(key) ?? []), Number(event.sequence)]);
  }
  verdict.lost = [...expected.keys()].filter((id) => !bodies.has(id));
  for (const [key, found] of sequences) if (!isCount(found)) verdict.wrong.push(`${key} does not count from 1 in ones`);
  return verdict;
}

function differences(firing: ExpectedFiring, { path, event }: Pick<Arrived, 'path' | 'event'>): string[] {
  const { signal, event: occurrence } = event.data as { signal?: { value: Value }; event?: { durationNs: number } };
  const pairs: [name: string, is: unknown, expected: unknown][] = [
    ['path', path, firing.path],
    ['webhook', event.data.webhookId, firing.webhookId],
    ['vehicle', event.subject, firing.vehicle],
    ['value', signal?.value ?? occurrence?.durationNs, firing.value],
    ['sequence', Number(event.sequence), firing.sequence ?? Number(event.sequence)],
  ];
  const text = (value: unknown) => JSON.stringify(value);
  return pairs
    .filter(([, is, expected]) => text(is) !== text(expected))
    .map(([name, is, expected]) => `${firing.id}: the ${name} is ${text(is)}, not ${text(expected)}`);
}

/** Whether the numbers are 1 to their count, in whatever order. */
function isCount(numbers: readonly number[]): boolean {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.every((number, i) => number === i + 1);
}
