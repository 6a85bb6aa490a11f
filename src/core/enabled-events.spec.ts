import { describe, expect, test } from '@jest/globals';
import { builtInCatalog } from './catalog.js';
import { checkEnabledEvents } from './enabled-events.js';

const check = (...names: string[]) => checkEnabledEvents(names, builtInCatalog);

describe('what an endpoint can listen to', () => {
  test.each([
    ['*', '*'],
    ['trigger.*', 'trigger.*'],
    ['api_key.*', 'api_key.*'],
    ['delivery.failed', 'delivery.failed'],
    ['trigger.fired', 'trigger.fired'],
    ['trigger.fired:telemetry.events', 'trigger.fired:telemetry.events'],
    ['trigger.fired:signals', 'trigger.fired:telemetry.signals'],
    ['trigger.fired:signals/vss.speed', 'trigger.fired:telemetry.signals/speed'],
    ['trigger.fired:telemetry.events/HarshBraking', 'trigger.fired:telemetry.events/behavior.harshBraking'],
  ])('%s is kept as %s', (given, kept) => {
    expect(check(given)).toEqual({ names: [kept], errors: [] });
  });

  test('two spellings of one name are one', () => {
    expect(check('trigger.fired:signals/speed', '*', 'trigger.fired:telemetry.signals/vss.speed').names).toEqual([
      'trigger.fired:telemetry.signals/speed',
      '*',
    ]);
  });
});

test.each([
  ['delivery.fail', 'delivery.failed'],
  ['triggers.*', 'trigger.*'],
  ['trigger.fired:telemetry.signal', 'telemetry.signals'],
  ['trigger.fired:telemetry.signals/speedd', 'speed'],
  ['trigger.fired:telemetry.events/behavior.harshBrakin', 'behavior.harshBraking'],
])('%s is refused, and %s is offered instead', (given, nearest) => {
  const { names, errors } = check('*', given);
  expect(names).toEqual(['*']);
  expect(errors).toEqual([{ index: 1, detail: expect.stringContaining(nearest) }]);
});

test.each([
  'stream.lost',
  'stream.*',
  '',
  '.*',
  'trigger',
  'trigger.fired:',
  'trigger.fired:signals/',
  '**',
  'trigger.fire*',
])('%j is refused', (given) => {
  expect(check(given)).toMatchObject({ names: [], errors: [{ index: 0 }] });
});
