import { describe, expect, test } from '@jest/globals';
import { circleText, readCircle } from '../console/src/condition/circle.js';
import { findMetric, type Metric } from '../console/src/condition/metric.js';
import { RECIPES } from '../console/src/condition/recipes.js';
import { LOCATION_FIELDS, variablesOf } from '../console/src/condition/variables.js';
import { suggest } from '../console/src/condition/completion.js';
import { checkForMetric, tryCondition } from '../src/api/conditions/conditions.js';
import { conditionTrial } from '../src/api/conditions/condition-fields.js';
import { builtInCatalog, type ValueKind } from '../src/core/catalog.js';
import { LOCATION_FIELDS as CHECKED_FIELDS, VARIABLES } from '../src/core/condition-variables.js';

const PLACE = { service: 'telemetry.signals', metricName: 'currentLocationCoordinates' };
const CIRCLE = { latitude: 52.5, longitude: 13, radiusKm: 2 };

describe('the recipes of the console', () => {
  test('there are five, each under an id of its own', () => {
    expect(new Set(RECIPES.map(({ id }) => id)).size).toBe(5);
  });

  test.each(RECIPES.map((recipe) => [recipe.id, recipe] as const))(
    '%s watches a metric that exists with a condition that is accepted',
    (_id, { service, metric, condition }) => {
      expect(builtInCatalog.resolve(service, metric)).toMatchObject({ kind: 'ok', metric: { name: metric } });
      expect(checkForMetric(builtInCatalog, { service, metricName: metric, condition })).toMatchObject({ valid: true });
    },
  );

  test.each(RECIPES.map((recipe) => [recipe.id, recipe] as const))(
    '%s has nothing that the check warns of, unless it is meant to fire always',
    (_id, { service, metric, condition }) => {
      const { warnings } = checkForMetric(builtInCatalog, { service, metricName: metric, condition });
      expect(warnings).toHaveLength(condition === 'true' ? 1 : 0);
    },
  );
});

describe('what the console writes and offers', () => {
  test.each(['inside', 'outside', 'crosses'] as const)('a circle that is %s is an accepted condition', (relation) => {
    const condition = circleText(CIRCLE, relation);
    expect(checkForMetric(builtInCatalog, { ...PLACE, condition })).toMatchObject({ valid: true, warnings: [] });
    expect(readCircle(condition)).toEqual({ circle: CIRCLE, relation });
  });

  test('a crossing fires on the way in and on the way out, and not in between', () => {
    const condition = circleText(CIRCLE, 'crosses');
    const inside = { value: { latitude: 52.5, longitude: 13.001 } };
    const outside = { value: { latitude: 52.9, longitude: 13 } };
    const outcome = (sample: object, previous?: object) =>
      tryCondition(builtInCatalog, conditionTrial.parse({ ...PLACE, condition, sample, previous })).outcome;
    expect(outcome(outside)).toBe('not_met');
    expect(outcome(inside)).toBe('fired');
    expect(outcome(inside, inside)).toBe('not_met');
    expect(outcome(outside, inside)).toBe('fired');
  });

  test('the circle of the recipe is one that the map shows', () => {
    expect(RECIPES.map(({ condition }) => readCircle(condition)?.relation)).toContain('crosses');
  });

  test.each(['number', 'string', 'location', 'event'] as const)('%s: the variables are those of the check', (kind) => {
    const names = variablesOf(metricOf(kind)).map(({ name }) => name);
    expect(names.sort()).toEqual([...VARIABLES[kind].keys()].sort());
    expect(LOCATION_FIELDS.map(({ name }) => name)).toEqual([...CHECKED_FIELDS]);
  });

  test.each([
    ['number', ''],
    ['string', 'value.'],
    ['location', ''],
    ['location', 'value.'],
    ['event', ''],
    ['event', 'metadata.'],
    ['event', 'tags.'],
  ] as const)('%s: whatever is offered after "%s" is known to the check', (kind, before) => {
    for (const { label, template } of suggest(before, metricOf(kind), true)!.suggestions) {
      const text = before + (template ?? label).replace(/\$\{([^}]*)\}/g, (_, name: string) => filledIn(name, kind));
      const { error } = checkForMetric(builtInCatalog, { ...registered(kind), condition: text });
      expect([undefined, 'not_boolean']).toContain(error?.code);
    }
  });
});

function filledIn(name: string, kind: ValueKind): string {
  if (name === 'latitude' || name === 'longitude') return '1.5';
  if (name === 'value') return kind === 'string' ? 'value' : kind === 'event' ? 'durationNs' : 'valueNumber';
  return name === 'text' ? (kind === 'event' ? 'name' : 'source') : name;
}

function registered(kind: ValueKind) {
  const metricNames = {
    number: 'speed',
    string: 'powertrainType',
    location: 'currentLocationCoordinates',
    event: 'behavior.harshBraking',
  };
  return {
    service: kind === 'event' ? 'telemetry.events' : 'telemetry.signals',
    metricName: metricNames[kind],
  };
}

function metricOf(kind: ValueKind): Metric {
  const pageKind = kind === 'string' ? 'text' : kind;
  const { service, metricName } = registered(kind);
  const unsaid = { unit: '', description: '', aliases: [], permissions: [] };
  const metric = { service, name: metricName, kind: pageKind, ...unsaid } as Metric;
  return findMetric([metric], { service, metricName })!;
}
