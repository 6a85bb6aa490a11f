import { expect, test } from '@jest/globals';
import { firingLine } from './firing-line.js';
import type { Arrival } from './receiver.js';

const ARRIVAL_IN_KAFKA_MS = Date.parse('2026-01-15T12:00:00.000Z');
const HEX = ARRIVAL_IN_KAFKA_MS.toString(16).padStart(12, '0');
const ID = `${HEX.slice(0, 8)}-${HEX.slice(8)}-8abc-8def-0123456789ab`;

function lineOf(data: object, arrival: Partial<Arrival> = {}): string {
  const body = Buffer.from(
    JSON.stringify({ id: ID, type: 'dimo.trigger', subject: 'did:erc721:137:0xAb:12345', data }),
  );
  const receivedAtMs = ARRIVAL_IN_KAFKA_MS + 17;
  return firingLine({ path: '/p', signature: 'valid', body, attempt: 1, receivedAtMs, ...arrival }).replace(
    / {2,}/g,
    ' | ',
  );
}

const SPEED = { webhookName: 'Speeding', signal: { name: 'speed', unit: 'km/h', value: 131.4 } };
const PLACE = { latitude: 52.51631, longitude: 13.37772 };

test.each<[string, object, Partial<Arrival>, string]>([
  ['a number with its unit', SPEED, {}, 'Speeding | vehicle 12345 | speed 131.4 km/h | 17 ms'],
  [
    'a text',
    { webhookName: 'W', signal: { name: 'powertrainType', value: 'ELECTRIC' } },
    {},
    'W | vehicle 12345 | powertrainType ELECTRIC | 17 ms',
  ],
  [
    'a place',
    { webhookName: 'W', signal: { name: 'there', value: PLACE } },
    {},
    'W | vehicle 12345 | there 52.5163, 13.3777 | 17 ms',
  ],
  [
    'an event',
    { webhookName: 'W', event: { name: 'behavior.harshBraking', metadata: '{"n":1}' } },
    {},
    'W | vehicle 12345 | behavior.harshBraking {"n":1} | 17 ms',
  ],
  ['a later attempt', SPEED, { attempt: 2 }, 'Speeding | vehicle 12345 | speed 131.4 km/h | 17 ms | attempt 2'],
  [
    'a wrong signature',
    SPEED,
    { signature: 'invalid' },
    'Speeding | vehicle 12345 | speed 131.4 km/h | 17 ms | WRONG SIGNATURE, refused',
  ],
  [
    'an unknown secret',
    SPEED,
    { signature: 'unknown' },
    'Speeding | vehicle 12345 | speed 131.4 km/h | 17 ms | signature not checked',
  ],
])('%s is told in one line', (_, data, arrival, line) => {
  expect(lineOf(data, arrival)).toMatch(/^\d\d:\d\d:\d\d \| /);
  expect(lineOf(data, arrival).slice('00:00:00 | '.length)).toBe(line);
});

test('what a terminal would obey is not repeated, nor what would fill it', () => {
  const line = lineOf({ webhookName: '\u001b[2J\nname', signal: { name: 'x', value: 'y'.repeat(1000) } });
  expect(line).not.toMatch(/\p{Cc}/u);
  expect(line.length).toBeLessThan(150);
});

test('a body that is no firing is told as such', () => {
  expect(
    firingLine({ path: '/p', signature: 'unknown', body: Buffer.from('hello'), attempt: 1, receivedAtMs: 0 }),
  ).toContain('no firing');
});
