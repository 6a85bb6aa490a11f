import { expect, test } from '@jest/globals';
import type { KafkaMessage } from 'kafkajs';
import { ARRIVAL_MS_MAX } from '../engine/record.js';
import { toSourceRecords } from './source-record.js';

function messageOf(given: Partial<KafkaMessage>): KafkaMessage {
  return { key: null, value: null, timestamp: '0', attributes: 0, offset: '0', headers: {}, ...given } as KafkaMessage;
}

const recordOf = (given: Partial<KafkaMessage>) => toSourceRecords([messageOf(given)]).records[0]!;

test.each([
  ['1768478400123', 1768478400123],
  ['-1', 0],
  ['9223372036854775807', ARRIVAL_MS_MAX],
  ['-9223372036854775808', 0],
])("a record's timestamp %s arrives at %i", (timestamp, arrivalMs) => {
  expect(recordOf({ timestamp }).arrivalMs).toBe(arrivalMs);
});

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test.each<[string, KafkaMessage['headers'], string | undefined]>([
  ['a trace context', { traceparent: Buffer.from(TRACE) }, TRACE],
  ['a trace context as text', { traceparent: TRACE }, TRACE],
  ['no header', {}, undefined],
  ['another text', { traceparent: 'hello' }, undefined],
  ['a trace context and more', { traceparent: `${TRACE}\n` + 'x' }, undefined],
  ['two trace contexts', { traceparent: [TRACE, TRACE] }, undefined],
])('%s in the headers is carried only when it is one', (_, headers, expected) => {
  expect(recordOf({ headers }).traceparent).toBe(expected);
});

test('offsets are exact above 2^53', () => {
  expect(recordOf({ offset: '9007199254740993' }).offset).toBe(9007199254740993n);
});
