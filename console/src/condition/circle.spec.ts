import { describe, expect, test } from '@jest/globals';
import { circleText, circleWords, moveCircle, readCircle, resizeCircle, type Circle } from './circle.js';

const GATE = { latitude: 52.5163, longitude: 13.3777, radiusKm: 0.5 };

describe('a circle as text', () => {
  test('is what its author would have written', () => {
    expect(circleText(GATE, 'inside')).toBe('geoDistance(value.latitude, value.longitude, 52.5163, 13.3777) < 0.5');
    expect(circleText(GATE, 'outside')).toContain('> 0.5');
  });

  test('always has decimal points: whole numbers are another type', () => {
    const text = circleText({ latitude: 52, longitude: -3, radiusKm: 2 }, 'inside');
    expect(text).toBe('geoDistance(value.latitude, value.longitude, 52.0, -3.0) < 2.0');
  });

  test.each(['inside', 'outside', 'crosses'] as const)('%s is read back', (relation) => {
    expect(readCircle(circleText(GATE, relation))).toEqual({ circle: GATE, relation });
  });

  test.each([
    ['nothing', ''],
    ['another clause', `${circleText(GATE, 'inside')} && value.hdop < 5`],
    ['another comparison', circleText(GATE, 'inside').replace('<', '<=')],
    ['a place that is none', circleText({ ...GATE, latitude: 95 }, 'inside')],
    ['a comment', `${circleText(GATE, 'inside')} // the gate`],
    ['two different circles', circleText(GATE, 'crosses').replace(/0\.5\)$/, '0.6)')],
  ])('%s belongs to its author', (_, text) => {
    expect(readCircle(text)).toBeUndefined();
  });
});

describe('moving and resizing', () => {
  test('a circle moves by as many kilometres as it is told', () => {
    expect(distanceKm(GATE, moveCircle(GATE, 3, 0))).toBeCloseTo(3, 3);
    expect(distanceKm(GATE, moveCircle(GATE, 0, -3))).toBeCloseTo(3, 3);
  });

  test('it goes on in the west where the map ends in the east, and stops before the poles', () => {
    expect(moveCircle({ ...GATE, latitude: 0, longitude: 179.99 }, 10, 0).longitude).toBeLessThan(-179);
    expect(moveCircle({ ...GATE, latitude: 84.9 }, 0, 100).latitude).toBe(85);
  });

  test('the radius stays in its limits', () => {
    expect(resizeCircle(GATE, 2).radiusKm).toBe(1);
    expect(resizeCircle(GATE, 1e-9).radiusKm).toBe(0.02);
    expect(resizeCircle(GATE, 1e9).radiusKm).toBe(5000);
  });
});

test('a circle in words', () => {
  expect(circleWords(GATE)).toBe('Circle with a radius of 500 m around 52.5163, 13.3777');
  expect(circleWords({ ...GATE, radiusKm: 12.5 })).toContain('12.5 km');
});

/** Great-circle distance, as `geoDistance` has it. */
function distanceKm(from: Circle, to: Circle): number {
  const radians = Math.PI / 180;
  const sineOfHalf = (degrees: number) => Math.sin((degrees * radians) / 2);
  const chord =
    sineOfHalf(to.latitude - from.latitude) ** 2 +
    Math.cos(from.latitude * radians) *
      Math.cos(to.latitude * radians) *
      sineOfHalf(to.longitude - from.longitude) ** 2;
  return 2 * 6_378.1 * Math.asin(Math.min(1, Math.sqrt(chord)));
}
