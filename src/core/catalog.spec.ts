import { describe, expect, test } from '@jest/globals';
import { extendCatalog } from './catalog-extension.js';
import { builtInCatalog } from './catalog.js';

describe('resolving', () => {
  test.each([
    ['telemetry.signals', 'speed', 'signal', 'speed', 'number'],
    ['signals', 'vss.speed', 'signal', 'speed', 'number'],
    ['signals.vss', 'vss.powertrainType', 'signal', 'powertrainType', 'string'],
    ['signals', 'currentLocationCoordinates', 'signal', 'currentLocationCoordinates', 'location'],
    ['telemetry.events', 'HarshBraking', 'event', 'behavior.harshBraking', 'event'],
    ['events', 'behavior.harshBraking', 'event', 'behavior.harshBraking', 'event'],
    ['events.safety', 'Collision', 'event', 'safety.collision', 'event'],
  ])('%s %s is the %s %s, a %s', (service, metricName, kind, name, valueKind) => {
    expect(builtInCatalog.resolve(service, metricName)).toEqual({
      kind: 'ok',
      metric: expect.objectContaining({ kind, name, valueKind }),
    });
  });

  test.each([['unknown.service'], [''], ['constructor'], ['__proto__'], ['Signals']])(
    'there is no service %j',
    (service) => {
      expect(builtInCatalog.resolve(service, 'speed')).toEqual({ kind: 'unknown_service' });
    },
  );

  test.each([
    ['signals', 'vss.sped', 'speed'],
    ['signals', 'Speed', 'speed'],
    ['events', 'behavior.harshBreaking', 'behavior.harshBraking'],
    ['events', 'harshBraking', 'HarshBraking'],
    ['signals', 'ignition', 'isIgnitionOn'],
  ])('%s %s is unknown; %s is among the nearest', (service, metricName, nearest) => {
    expect(builtInCatalog.resolve(service, metricName)).toEqual({
      kind: 'unknown_metric',
      nearest: expect.arrayContaining([nearest]),
    });
  });

  test('nothing is near a name that is like none', () => {
    expect(builtInCatalog.resolve('signals', 'q'.repeat(10_000))).toEqual({ kind: 'unknown_metric', nearest: [] });
  });
});

test('the catalogue has 116 signals: 109 numbers, 6 texts and one location', () => {
  const count = (valueType: string) => builtInCatalog.signals.filter((signal) => signal.valueType === valueType).length;
  expect([count('float64'), count('string'), count('vss.Location')]).toEqual([109, 6, 1]);
  expect(new Set(builtInCatalog.signals.map((signal) => signal.name)).size).toBe(116);
});

describe('an operator extends the catalogue', () => {
  test('its metrics are found; what is not said has a default', () => {
    const extended = extendCatalog(builtInCatalog, {
      signals: [{ name: 'myCustomSignal', valueType: 'float64' }],
      events: [{ name: 'cargo.doorOpened', aliases: ['DoorOpened'], permissions: ['privilege:GetLiveData'] }],
    });
    if (extended.kind !== 'ok') throw new Error(extended.errors.join());
    expect(extended.catalog.resolve('signals', 'vss.myCustomSignal')).toMatchObject({
      metric: { unit: '', permissions: ['privilege:GetNonLocationHistory', 'privilege:GetLocationHistory'] },
    });
    expect(extended.catalog.resolve('events', 'DoorOpened')).toMatchObject({ metric: { name: 'cargo.doorOpened' } });
    expect(builtInCatalog.resolve('signals', 'myCustomSignal').kind).toBe('unknown_metric');
  });

  test.each([
    [
      'a built-in signal again',
      { signals: [{ name: 'speed', valueType: 'string' }] },
      ['signals: speed is defined twice'],
    ],
    [
      'an alias that is taken',
      { events: [{ name: 'x', aliases: ['Collision'] }] },
      ['events: Collision is defined twice'],
    ],
    [
      'a name with a blank',
      { signals: [{ name: 'a b', valueType: 'float64' }] },
      [expect.stringContaining('signals.0.name')],
    ],
    ['no value type', { signals: [{ name: 'a' }] }, [expect.stringContaining('signals.0.valueType')]],
    ['an unknown member', { signal: [] }, [expect.stringContaining('signal')]],
    ['a list', [], [expect.any(String)]],
  ])('%s is refused', (_, additions, errors) => {
    expect(extendCatalog(builtInCatalog, additions)).toEqual({ kind: 'invalid', errors });
  });
});
