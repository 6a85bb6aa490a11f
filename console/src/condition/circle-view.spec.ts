import { describe, expect, test } from '@jest/globals';
import { viewCircle } from './circle-view.js';

const BOX = { width: 400, height: 300 };

describe('a circle in a box', () => {
  test.each([
    ['small', { latitude: 52.5, longitude: 13.4, radiusKm: 0.05 }, '50 m'],
    ['of a town', { latitude: 52.5, longitude: 13.4, radiusKm: 1 }, '1 km'],
    ['of a country', { latitude: -20, longitude: 179.9, radiusKm: 300 }, '200 km'],
  ])('%s fills most of it, with a scale that fits', (_, circle, scale) => {
    const view = viewCircle(circle, BOX, undefined);
    expect(view.center.x).toBeCloseTo(200, 0);
    expect((2 * circle.radiusKm) / view.kmPerPixel).toBeGreaterThan(150);
    expect((2 * circle.radiusKm) / view.kmPerPixel).toBeLessThan(300);
    expect(view.scale.text).toBe(scale);
    expect(view.scale.pixels).toBeGreaterThan(50);
    expect(view.scale.pixels).toBeLessThan(200);
    expect(view.circlePath).toMatch(/^M/);
    expect(view.outlinePath).toBeUndefined();
  });
});
