import { describe, expect, test } from '@jest/globals';
import { decodeMessage, decodeText } from './message.js';
import { TAG_LENGTH_MAX, TAGS_MAX } from './message-entry.js';

const VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345';
const DEVICE = 'did:erc721:137:0x9c94C395cBcBDe662235E0A9d3bB87Ad708561BA:31700';
const ENVELOPE = { specversion: '1.0', type: 'dimo.signals', source: '0xF2', subject: VEHICLE, producer: DEVICE };
const SPEED = {
  timestamp: '2026-01-15T11:59:58.5Z',
  name: 'speed',
  valueNumber: 59,
  valueString: '',
  valueLocation: { latitude: 0, longitude: 0, hdop: 0, heading: 0 },
  cloudEventId: 'c-1',
};
const BRAKING = {
  name: 'behavior.harshBraking',
  timestamp: '2026-01-15T12:03:00Z',
  durationNs: 0,
  metadata: '',
  tags: [],
};

const bytes = (message: unknown) => Buffer.from(typeof message === 'string' ? message : JSON.stringify(message));
const signals = (...entries: unknown[]) => decodeMessage('signal', bytes({ ...ENVELOPE, data: { signals: entries } }));
const events = (...entries: unknown[]) => decodeMessage('event', bytes({ ...ENVELOPE, data: { events: entries } }));

test('a signal carries the header of its message', () => {
  expect(signals(SPEED)).toEqual({
    kind: 'ok',
    vehicle: VEHICLE,
    entryCount: 1,
    rejected: [],
    samples: [
      {
        kind: 'signal',
        vehicle: VEHICLE,
        name: 'speed',
        index: 0,
        timestamp: '2026-01-15T11:59:58.5Z',
        source: '0xF2',
        producer: DEVICE,
        valueNumber: 59,
        valueString: '',
        valueLocation: { latitude: 0, longitude: 0, hdop: 0, heading: 0 },
      },
    ],
  });
});

test('the subject is read in any spelling and given in one', () => {
  const message = { ...ENVELOPE, subject: VEHICLE.toLowerCase(), data: { signals: [SPEED] } };
  expect(decodeMessage('signal', bytes(message))).toMatchObject({ vehicle: VEHICLE, samples: [{ vehicle: VEHICLE }] });
});

test('a bad entry is rejected with its place; its neighbours count', () => {
  expect(signals(SPEED, { ...SPEED, valueNumber: '25' }, null, { ...SPEED, valueNumber: 60 })).toMatchObject({
    kind: 'ok',
    samples: [
      { index: 0, valueNumber: 59 },
      { index: 3, valueNumber: 60 },
    ],
    rejected: [
      { index: 1, reason: 'bad_sample', detail: 'valueNumber is a string, not a finite number' },
      { index: 2, reason: 'bad_sample', detail: 'the entry is null, not an object' },
    ],
  });
});

describe('a signal is rejected for', () => {
  test.each([
    ['a number as text', { valueNumber: '25' }],
    ['a boolean number', { valueNumber: true }],
    ['a number in a text', { valueString: 5 }],
    ['a list as location', { valueLocation: [1, 2] }],
    ['a latitude as text', { valueLocation: { latitude: '1' } }],
    ['a number as name', { name: 7 }],
    ['a numeric timestamp', { timestamp: 1736942400 }],
    ['a timestamp without T', { timestamp: '2026-01-15 12:00:00' }],
    ['a timestamp without zone', { timestamp: '2026-01-15T12:00:00' }],
    ['the 30th of February', { timestamp: '2026-02-30T12:00:00Z' }],
  ])('%s', (_, change) => {
    expect(signals({ ...SPEED, ...change })).toMatchObject({ kind: 'ok', samples: [], rejected: [{ index: 0 }] });
  });

  test('a number that is too large for a double', () => {
    const text = JSON.stringify({ ...ENVELOPE, data: { signals: [SPEED] } }).replace('59', '1e999');
    expect(decodeMessage('signal', bytes(text))).toMatchObject({ samples: [], rejected: [{ index: 0 }] });
  });
});

describe('a signal may have', () => {
  test.each([
    [
      'null for zero',
      { valueNumber: null, valueString: null, valueLocation: null },
      { valueNumber: 0, valueString: '' },
    ],
    ['members in other letter case', { valueNumber: undefined, ValueNumber: 7 }, { valueNumber: 7 }],
    [
      'the location keys of older producers',
      { valueLocation: { Latitude: 1, Longitude: 2, HDOP: 3 } },
      { valueLocation: { latitude: 1, longitude: 2, hdop: 3, heading: 0 } },
    ],
    ['unknown members', { extra: { deep: [1] } }, { valueNumber: 59 }],
    ['no timestamp', { timestamp: undefined }, { timestamp: '0001-01-01T00:00:00Z' }],
    ['an offset and nanoseconds', { timestamp: '2024-02-29T12:00:00.123456789+05:30' }, { valueNumber: 59 }],
  ])('%s', (_, change, expected) => {
    expect(signals({ ...SPEED, ...change })).toMatchObject({ samples: [expected], rejected: [] });
  });
});

describe('an event', () => {
  test.each([
    ['9007199254740993', 9007199254740993n],
    ['18446744073709551615', 18446744073709551615n],
    ['0', 0n],
  ])('has the exact duration %s', (digits, durationNs) => {
    const text = JSON.stringify({ ...ENVELOPE, data: { events: [BRAKING] } }).replace(
      '"durationNs":0',
      `"durationNs": ${digits}`,
    );
    expect(decodeMessage('event', bytes(text))).toMatchObject({ samples: [{ durationNs }], rejected: [] });
  });

  test.each(['-1', '1.5', '1.0', '1e3', '18446744073709551616', '"5"', '"#5 "', 'true', '{}'])(
    'is rejected for the duration %s',
    (json) => {
      const text = JSON.stringify({ ...ENVELOPE, data: { events: [BRAKING] } }).replace(
        '"durationNs":0',
        `"durationNs":${json}`,
      );
      expect(decodeMessage('event', bytes(text))).toMatchObject({ samples: [], rejected: [{ index: 0 }] });
    },
  );

  test('keeps a metadata text that looks like a duration', () => {
    const metadata = '{"durationNs":12345678901234567890}';
    expect(events({ ...BRAKING, metadata })).toMatchObject({ samples: [{ metadata, durationNs: 0n }] });
  });

  test('has zero values for what is missing', () => {
    expect(events({ name: 'safety.collision' })).toMatchObject({
      samples: [{ durationNs: 0n, metadata: '', tags: [], timestamp: '0001-01-01T00:00:00Z' }],
    });
  });

  test.each([[{ tags: 'x' }], [{ tags: [1] }], [{ metadata: {} }]])('is rejected for %j', (change) => {
    expect(events({ ...BRAKING, ...change })).toMatchObject({ samples: [], rejected: [{ index: 0 }] });
  });

  const list = (count: number, length: number) => new Array<string>(count).fill('t'.repeat(length));

  test('may have as many and as long tags as the limits say', () => {
    const tags = list(TAGS_MAX, TAG_LENGTH_MAX);
    expect(events({ ...BRAKING, tags })).toMatchObject({ samples: [{ tags }], rejected: [] });
  });

  test.each([
    ['one tag too many', list(TAGS_MAX + 1, 1), `tags are more than ${TAGS_MAX}`],
    ['a tag that is too long', list(1, TAG_LENGTH_MAX + 1), `a tag is longer than ${TAG_LENGTH_MAX}`],
  ])('is rejected for %s', (_, tags, detail) => {
    expect(events({ ...BRAKING, tags })).toMatchObject({ samples: [], rejected: [{ index: 0, detail }] });
  });
});

describe('a message is poison when', () => {
  test.each([
    ['it is empty', '', 'empty'],
    ['it is not JSON', 'oops', 'not_json'],
    ['it ends early', '{"subject":', 'not_json'],
    ['it is null', 'null', 'not_an_object'],
    ['it is a list', '[]', 'not_an_object'],
    ['its subject is no DID', { ...ENVELOPE, subject: 'x' }, 'bad_subject'],
    ['its subject is a number', { ...ENVELOPE, subject: 5 }, 'bad_subject'],
    ['it has no subject', { data: {} }, 'bad_subject'],
    ['its time is a word', { ...ENVELOPE, time: 'yesterday' }, 'bad_time'],
    ['its time is a number', { ...ENVELOPE, time: 1736942400 }, 'bad_time'],
    ['its data is a list', { ...ENVELOPE, data: [] }, 'bad_data'],
    ['its signals are an object', { ...ENVELOPE, data: { signals: {} } }, 'bad_data'],
    ['it has data and data_base64', { ...ENVELOPE, data: {}, data_base64: 'e30=' }, 'bad_data'],
    ['its base64 is broken', { ...ENVELOPE, data_base64: 'e30' }, 'bad_data'],
    ['its base64 holds no JSON', { ...ENVELOPE, data_base64: 'bm8=' }, 'bad_data'],
  ])('%s', (_, message, reason) => {
    expect(decodeMessage('signal', bytes(message))).toMatchObject({ kind: 'poison', reason });
  });

  test('it has no value at all', () => {
    expect(decodeMessage('signal', null)).toMatchObject({ kind: 'poison', reason: 'empty' });
  });
});

describe('a message has no samples, and that is fine, when', () => {
  test.each([
    ['data is missing', {}],
    ['data is null', { data: null }],
    ['data is empty', { data: {} }],
    ['signals is null', { data: { signals: null } }],
  ])('%s', (_, change) => {
    expect(decodeMessage('signal', bytes({ ...ENVELOPE, ...change }))).toEqual({
      kind: 'ok',
      vehicle: VEHICLE,
      entryCount: 0,
      samples: [],
      rejected: [],
    });
  });
});

test('samples of metrics that nobody wants are left out, bad ones are rejected all the same, and all are counted', () => {
  const entries = [SPEED, { ...SPEED, name: 'other' }, { ...SPEED, name: 'other', valueNumber: '1' }, SPEED];
  const text = JSON.stringify({ ...ENVELOPE, data: { signals: entries } });
  const asked: string[] = [];
  const decoded = decodeText('signal', text, (vehicle) => {
    asked.push(vehicle);
    return (metric) => metric === 'speed';
  });
  expect(asked).toEqual([VEHICLE]);
  expect(decoded).toMatchObject({ entryCount: 4, samples: [{ index: 0 }, { index: 3 }], rejected: [{ index: 2 }] });
});

test('data may come as base64', () => {
  const data = Buffer.from(JSON.stringify({ signals: [SPEED] })).toString('base64');
  const decoded = decodeMessage('signal', bytes({ ...ENVELOPE, data_base64: data }));
  expect(decoded).toMatchObject({ samples: [{ valueNumber: 59 }] });
});
