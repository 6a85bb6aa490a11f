import type { MetricKind } from './catalog.js';
import { parseDid } from './did.js';
import { isObject, jsonType, memberOf, type JsonObject } from './json.js';
import { BadEntry, EXACT, eventSample, signalSample, type MessageHeader } from './message-entry.js';
import { skimSignals } from './message-skim.js';
import type { Sample } from './sample.js';
import { isTimestamp } from './timestamp.js';

export type DecodedMessage =
  | {
      kind: 'ok';
      vehicle: string;
      /** All entries of the message's array, whatever became of them. */
      entryCount: number;
      /** Of the wanted metrics. */
      samples: Sample[];
      rejected: RejectedEntry[];
    }
  | { kind: 'poison'; reason: PoisonReason; detail: string };

/** An entry of the message's array that is no sample; those beside it count all the same. */
export interface RejectedEntry {
  index: number;
  reason: 'bad_sample';
  detail: string;
}

export type PoisonReason = 'empty' | 'not_json' | 'not_an_object' | 'bad_subject' | 'bad_time' | 'bad_data';

/** Says, of a vehicle, which metrics are wanted. */
export type WantedMetrics = (vehicle: string) => (metric: string) => boolean;

/**
 * Reads one Kafka message: a CloudEvent whose `data` has all signals, or events, of one report of one vehicle. Samples
 * come in the array's order. A message without entries is fine and has no samples. The rules are those of DIMO's own
 * readers (field names in any letter case, null is the zero value, unknown members and the type are ignored), but an
 * entry with a value of the wrong type is rejected alone instead of taking the whole message along.
 */
export function decodeMessage(kind: MetricKind, value: Buffer | null): DecodedMessage {
  return decodeText(kind, value?.toString('utf8') ?? '');
}

/**
 * `decodeMessage` for who has made a text of the message already. Samples of metrics that are not wanted are checked as
 * the others are, and left out: most are of no interest, and what is kept until a chunk is done is what costs.
 */
export function decodeText(kind: MetricKind, text: string, wanted: WantedMetrics = everything): DecodedMessage {
  return (kind === 'signal' ? skimSignals(text, wanted) : undefined) ?? parseText(kind, text, wanted);
}

/** `decodeText` by the parser alone. */
export function parseText(kind: MetricKind, text: string, wanted: WantedMetrics = everything): DecodedMessage {
  if (text === '') return poison('empty', 'the message has no value');
  const parsed = parseJson(kind === 'event' ? withExactDurations(text) : text);
  if (parsed.kind === 'invalid') return poison('not_json', parsed.detail);
  if (!isObject(parsed.value))
    return poison('not_an_object', `the message is ${jsonType(parsed.value)}, not an object`);
  return decodeEnvelope(kind, parsed.value, wanted);
}

const everything: WantedMetrics = () => () => true;

function decodeEnvelope(kind: MetricKind, envelope: JsonObject, wanted: WantedMetrics): DecodedMessage {
  const { time } = envelope;
  if (time !== undefined && time !== null && !(typeof time === 'string' && isTimestamp(time))) {
    return poison('bad_time', 'time is no RFC 3339 timestamp');
  }
  const subject = parseDid(headerText(envelope.subject));
  if (subject.kind === 'invalid') return poison('bad_subject', `subject: ${subject.reason}`);
  const data = dataOf(kind, envelope);
  if (data.kind === 'invalid') return poison('bad_data', data.detail);
  const member = kind === 'signal' ? 'signals' : 'events';
  const entries = isObject(data.value) ? (memberOf(data.value, member) ?? []) : [];
  if (!Array.isArray(entries)) return poison('bad_data', `data.${member} is ${jsonType(entries)}, not an array`);
  return decodeEntries(kind, entries, {
    vehicle: subject.did,
    source: headerText(envelope.source),
    producer: headerText(envelope.producer),
    isWanted: wanted(subject.did),
  });
}

function decodeEntries(kind: MetricKind, entries: unknown[], header: MessageHeader): DecodedMessage {
  const samples: Sample[] = [];
  const rejected: RejectedEntry[] = [];
  const read = kind === 'signal' ? signalSample : eventSample;
  for (const [index, entry] of entries.entries()) {
    try {
      const sample = read(entry, index, header);
      if (sample) samples.push(sample);
    } catch (error) {
      if (!(error instanceof BadEntry)) throw error;
      rejected.push({ index, reason: 'bad_sample', detail: error.message });
    }
  }
  return { kind: 'ok', vehicle: header.vehicle, entryCount: entries.length, samples, rejected };
}

/** The envelope's `data`, or the JSON that `data_base64` holds; both at once is an error. */
function dataOf(kind: MetricKind, envelope: JsonObject): Parsed {
  const encoded = envelope.data_base64;
  if (encoded === undefined) return objectOrNothing(envelope.data ?? undefined);
  if (envelope.data !== undefined) return { kind: 'invalid', detail: 'data and data_base64 are both present' };
  if (typeof encoded !== 'string' || !BASE64.test(encoded)) {
    return { kind: 'invalid', detail: 'data_base64 is not base64 text' };
  }
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const parsed = parseJson(kind === 'event' ? withExactDurations(text) : text);
  return parsed.kind === 'invalid' ? parsed : objectOrNothing(parsed.value ?? undefined);
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function objectOrNothing(value: unknown): Parsed {
  if (value === undefined || isObject(value)) return { kind: 'ok', value };
  return { kind: 'invalid', detail: `data is ${jsonType(value)}, not an object` };
}

type Parsed = { kind: 'ok'; value: unknown } | { kind: 'invalid'; detail: string };

function parseJson(text: string): Parsed {
  try {
    return { kind: 'ok', value: JSON.parse(text) as unknown };
  } catch {
    return { kind: 'invalid', detail: 'the text is not JSON' };
  }
}

/**
 * Durations as texts, before JSON.parse could round those above 2^53 or hide that one had a fraction or an exponent.
 * Inside a JSON text the name's quotes are escaped, so only real members match.
 */
function withExactDurations(text: string): string {
  return text.replace(/("durationNs"\s*:\s*)(-?\d[\d.eE+-]*)/gi, `$1"${EXACT}$2"`);
}

/** An attribute of the wrong type reads as none. */
function headerText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function poison(reason: PoisonReason, detail: string): DecodedMessage {
  return { kind: 'poison', reason, detail };
}
