import type { KafkaMessage } from 'kafkajs';
import { arrivalTime, type SourceRecord } from '../engine/record.js';
import { unreadableOf } from './unreadable-batch.js';

/** What was fetched: the records up to the first that stops the partition. */
export interface FetchedRecords {
  records: SourceRecord[];
  /** The record that cannot be read here although it is fine; nothing from it on may be passed. */
  blockedBy: { offset: bigint; codec: string } | undefined;
}

export function toSourceRecords(messages: readonly KafkaMessage[]): FetchedRecords {
  const records: SourceRecord[] = [];
  for (const message of messages) {
    const why = unreadableOf(message.headers);
    const offset = BigInt(message.offset);
    if (why?.kind === 'unsupported_codec') return { records, blockedBy: { offset, codec: why.detail } };
    records.push(toSourceRecord(message, offset, why?.detail));
  }
  return { records, blockedBy: undefined };
}

/** W3C Trace Context, version 00; anything else in the header is nobody's trace. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

function toSourceRecord(message: KafkaMessage, offset: bigint, unreadable: string | undefined): SourceRecord {
  const { key, value, timestamp, headers } = message;
  const record: SourceRecord = { offset, key, value, arrivalMs: arrivalTime(Number(timestamp)) };
  const trace = headers?.traceparent;
  if (trace !== undefined && TRACEPARENT.test(String(trace))) record.traceparent = String(trace);
  if (unreadable !== undefined) record.unreadable = unreadable;
  return record;
}
