import { expect, test } from '@jest/globals';
import { CloudEvent } from 'cloudevents';
import { builtInCatalog, Catalog } from './catalog.js';
import { firingEvent } from './cloud-event.js';
import { ZERO_LOCATION, ZERO_TIME, type EventSample, type Sample, type SignalSample } from './sample.js';
import type { Trigger } from './trigger.js';

const VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345';
const TRIGGER: Trigger = {
  id: '3dfc572a-ea31-4e8e-8685-29fb4a24d0c2',
  license: '0x1111111111111111111111111111111111111111',
  revision: 1,
  status: 'enabled',
  service: 'telemetry.signals',
  metricName: 'speed',
  metricKind: 'signal',
  metric: 'speed',
  valueKind: 'number',
  condition: 'value > 55',
  normalizedCondition: 'value > 55',
  cooldownMs: 30_000,
  maxSampleAgeMs: null,
  displayName: '3dfc572a-ea31-4e8e-8685-29fb4a24d0c2',
  endpointId: '3dfc572a-ea31-4e8e-8685-29fb4a24d0c2',
};
const SPEED: SignalSample = {
  kind: 'signal',
  vehicle: VEHICLE,
  name: 'speed',
  index: 0,
  timestamp: ZERO_TIME,
  source: '',
  producer: '',
  valueNumber: 59,
  valueString: '',
  valueLocation: ZERO_LOCATION,
};
const BRAKING: EventSample = {
  kind: 'event',
  vehicle: VEHICLE,
  name: 'behavior.harshBraking',
  index: 0,
  timestamp: '2026-01-15T12:03:00.500Z',
  source: '0xF2',
  producer: 'did:erc721:137:0x9c94C395cBcBDe662235E0A9d3bB87Ad708561BA:31700',
  durationNs: 0n,
  metadata: '',
  tags: ['night'],
};

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** The trigger on the metric of a sample. */
const on = ({ kind, name }: Sample, trigger: Trigger = TRIGGER): Trigger => ({
  ...trigger,
  metricKind: kind,
  metric: name,
});

const body = (trigger: Trigger, sample: Sample): unknown =>
  JSON.parse(
    firingEvent(
      {
        ...{ id: '6be980f3-7edf-4cab-ba72-3871f61e6cdb', timeMs: Date.UTC(2025, 7, 14, 11), sequence: 1 },
        ...{ trigger: on(sample, trigger), sample },
      },
      builtInCatalog,
    ),
  );

test('a firing is the CloudEvent of the webhook reference, member for member', () => {
  expect(body(TRIGGER, SPEED)).toEqual({
    id: '6be980f3-7edf-4cab-ba72-3871f61e6cdb',
    source: 'vehicle-triggers-api',
    producer: '3dfc572a-ea31-4e8e-8685-29fb4a24d0c2',
    specversion: '1.0',
    subject: VEHICLE,
    time: '2025-08-14T11:00:00.000Z',
    type: 'dimo.trigger',
    datacontenttype: 'application/json',
    dataversion: 'telemetry.signals/v1.0',
    sequence: '1',
    data: {
      service: 'telemetry.signals',
      metricName: 'speed',
      webhookId: '3dfc572a-ea31-4e8e-8685-29fb4a24d0c2',
      webhookName: '3dfc572a-ea31-4e8e-8685-29fb4a24d0c2',
      assetDID: VEHICLE,
      condition: 'value > 55',
      signal: { name: 'speed', unit: 'km/h', timestamp: '0001-01-01T00:00:00Z', valueType: 'float64', value: 59 },
    },
  });
});

test.each<[string, Partial<Trigger>, Partial<SignalSample>, object]>([
  [
    'text',
    { valueKind: 'string' },
    { name: 'powertrainType', valueString: 'ELECTRIC' },
    { name: 'powertrainType', valueType: 'string', value: 'ELECTRIC' },
  ],
  [
    'position',
    { valueKind: 'location' },
    { name: 'currentLocationCoordinates', valueLocation: { latitude: 1.5, longitude: -2, hdop: 1, heading: 180 } },
    { valueType: 'vss.Location', value: { latitude: 1.5, longitude: -2, hdop: 1, heading: 180 } },
  ],
  ['origin', {}, { source: '0xF2', producer: 'did:x' }, { source: '0xF2', producer: 'did:x', value: 59 }],
  ['time without trailing zeros', {}, { timestamp: '2026-01-15T12:00:00.000Z' }, { timestamp: '2026-01-15T12:00:00Z' }],
])('a signal payload tells the %s', (_, trigger, sample, signal) => {
  expect(body({ ...TRIGGER, ...trigger }, { ...SPEED, ...sample })).toMatchObject({ data: { signal } });
});

test('a unit, source or producer that is empty is left out', () => {
  const { data } = body(TRIGGER, { ...SPEED, name: 'isIgnitionOn' }) as { data: { signal: object } };
  expect(Object.keys(data.signal)).toEqual(['name', 'timestamp', 'valueType', 'value']);
});

test('an event payload has the event and no tags', () => {
  const trigger = { ...TRIGGER, service: 'events', valueKind: 'event' as const };
  expect(body(trigger, { ...BRAKING, metadata: '{"counterValue":3}' })).toMatchObject({ dataversion: 'events/v1.0' });
  const { data } = body(trigger, BRAKING) as { data: object };
  expect(data).toHaveProperty('event', {
    name: 'behavior.harshBraking',
    timestamp: '2026-01-15T12:03:00.5Z',
    source: '0xF2',
    producer: BRAKING.producer,
    durationNs: 0,
  });
});

test('a duration above 2^53 is written exactly, whatever the metadata says', () => {
  const sample = { ...BRAKING, durationNs: 18446744073709551615n, metadata: '{"durationNs":0}' };
  const text = firingEvent({ id: 'a', timeMs: 0, sequence: 1, trigger: on(sample), sample }, builtInCatalog);
  expect(text).toContain('"durationNs":18446744073709551615,');
  expect(JSON.parse(text)).toMatchObject({ data: { event: { metadata: '{"durationNs":0}' } } });
});

test('traceparent stands beside when the record had one', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const text = firingEvent(
    { id: 'a', timeMs: 0, sequence: 3, trigger: TRIGGER, sample: SPEED, traceparent },
    builtInCatalog,
  );
  expect(JSON.parse(text)).toMatchObject({ traceparent, sequence: '3' });
});

test.each<[string, Partial<Trigger>, Sample, string | undefined]>([
  ['a number', {}, SPEED, undefined],
  ['a fraction', {}, { ...SPEED, valueNumber: -1.5e-9 }, undefined],
  ['a very large number', {}, { ...SPEED, valueNumber: 1.7e308 }, undefined],
  ['minus zero', {}, { ...SPEED, valueNumber: -0 }, undefined],
  [
    'a text that has to be escaped',
    { valueKind: 'string', displayName: '"\\\n\u2028\ud800é"' },
    { ...SPEED, valueString: '"\0' },
    undefined,
  ],
  ['a position', { valueKind: 'location' }, { ...SPEED, name: 'currentLocationCoordinates' }, undefined],
  ['an origin and a trace', { service: 'a/b' }, { ...SPEED, source: '0xF2', producer: 'did:x' }, TRACE],
  ['an event', { valueKind: 'event' }, BRAKING, undefined],
])(
  'the text for %s is the one that the CloudEvents SDK writes, and the SDK takes it',
  (_, given, sample, traceparent) => {
    const trigger = on(sample, { ...TRIGGER, ...given });
    const trace = traceparent === undefined ? {} : { traceparent };
    const text = firingEvent(
      { id: 'a', timeMs: Date.UTC(2025, 7, 14), sequence: 7, trigger, sample, ...trace },
      builtInCatalog,
    );
    expect(JSON.stringify(new CloudEvent(JSON.parse(text) as object))).toBe(text);
  },
);

test('the unit is that of the catalogue at hand, whichever was there before', () => {
  const other = new Catalog([{ ...builtInCatalog.signals.find(({ name }) => name === 'speed')!, unit: 'mph' }], []);
  const firing = { id: 'a', timeMs: 0, sequence: 1, trigger: TRIGGER, sample: SPEED };
  const units = [builtInCatalog, other].map((catalog) => /"unit":"[^"]*"/.exec(firingEvent(firing, catalog))![0]);
  expect(units).toEqual(['"unit":"km/h"', '"unit":"mph"']);
});
