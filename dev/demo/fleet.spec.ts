import { describe, expect, test } from '@jest/globals';
import { Fleet, FLEET_VEHICLES } from './fleet.js';
import { CITY_ROUTE, MOTORWAY_ROUTE } from './route.js';
import { SimulatedVehicle, type VehicleReading } from './simulated-vehicle.js';

/** The same numbers for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SECONDS = 3600;

function drivenHour(route: typeof CITY_ROUTE, seed: number): VehicleReading[] {
  const vehicle = new SimulatedVehicle(route, 0, randomFrom(seed));
  return Array.from({ length: SECONDS }, () => vehicle.drive(1));
}

describe.each([
  ['in the city', CITY_ROUTE, 80],
  ['on the motorway', MOTORWAY_ROUTE, 175],
])('an hour %s', (_, route, fastestKmh) => {
  const hours = [1, 2, 3].map((seed) => drivenHour(route, seed));
  const steps = hours.flatMap((hour) => hour.slice(1).map((reading, index) => [hour[index]!, reading] as const));

  test('stays between standing and what drivers dare', () => {
    expect(hours.flat().filter(({ speedKmh }) => speedKmh < 0 || speedKmh >= fastestKmh)).toEqual([]);
  });

  test('gathers and loses speed no faster than vehicles can', () => {
    const changes = steps.map(([before, after]) => after.speedKmh - before.speedKmh);
    expect(Math.max(...changes)).toBeLessThanOrEqual(2 * 3.6 + 1e-9);
    expect(Math.min(...changes)).toBeGreaterThanOrEqual(-7 * 3.6 - 1e-9);
  });

  test('brakes harshly only where it says so, and not all the time', () => {
    for (const hour of hours) {
      const moments = hour.flatMap(({ hasBrakedHarshly }, second) => (hasBrakedHarshly ? [second] : []));
      expect(moments.length).toBeGreaterThan(5);
      expect(moments.length).toBeLessThan(120);
      const isHarsh = (second: number) => hour[second - 1]!.speedKmh - hour[second]!.speedKmh > 3 * 3.6 + 1e-9;
      const harsh = hour.flatMap((_, second) => (second > 0 && isHarsh(second) ? [second] : []));
      for (const second of harsh) expect(moments.some((moment) => second >= moment && second <= moment + 2)).toBe(true);
    }
  });

  test('counts on its odometer what its speed amounts to, and never back', () => {
    for (const hour of hours) {
      const driven = hour.at(-1)!.odometerKm - hour[0]!.odometerKm;
      const sum = hour
        .slice(1)
        .reduce((km, { speedKmh }, index) => km + (speedKmh + hour[index]!.speedKmh) / 2 / 3600, 0);
      expect(driven).toBeCloseTo(sum, 6);
    }
    expect(steps.filter(([before, after]) => after.odometerKm < before.odometerKm)).toEqual([]);
  });

  test('moves on the map by what the odometer counts, but for cut corners', () => {
    const jumps = steps.filter(([before, after]) => {
      const northKm = (after.latitude - before.latitude) * 111.19;
      const eastKm = (after.longitude - before.longitude) * 111.19 * Math.cos((before.latitude * Math.PI) / 180);
      return Math.hypot(northKm, eastKm) > (after.odometerKm - before.odometerKm) * 1.001 + 1e-9;
    });
    expect(jumps).toEqual([]);
  });

  test('parks now and then, standing, with its ignition off', () => {
    for (const hour of hours) {
      const parked = hour.filter(({ isIgnitionOn }) => !isIgnitionOn);
      expect(parked.length).toBeGreaterThan(20);
      expect(parked.every(({ speedKmh }) => speedKmh === 0)).toBe(true);
    }
  });
});

test('the same random numbers give the same drive', () => {
  expect(drivenHour(CITY_ROUTE, 7)).toEqual(drivenHour(CITY_ROUTE, 7));
});

describe('what the fleet publishes', () => {
  const time = new Date('2026-01-15T12:00:00.120Z');
  const sent = { signals: [], events: [] } as ReturnType<Fleet['drive']>;
  const fleet = new Fleet({
    producer: { send: () => Promise.resolve() },
    onFailure: () => undefined,
    random: randomFrom(1),
    now: () => time,
  });
  for (let second = 0; second < 120; second++) {
    const { signals, events } = fleet.drive(1);
    sent.signals.push(...signals);
    sent.events.push(...events);
  }

  test('is one report of signals a second for each vehicle, keyed by the DID that it is about', () => {
    expect(sent.signals).toHaveLength(120 * FLEET_VEHICLES.length);
    expect(new Set(sent.signals.map(({ key }) => key))).toEqual(new Set(FLEET_VEHICLES));
    for (const { key, value } of [...sent.signals, ...sent.events]) expect(JSON.parse(value).subject).toBe(key);
  });

  test('has the members of a signals message in the order of the real producer', () => {
    const { data, ...envelope } = JSON.parse(sent.signals[0]!.value);
    expect(Object.keys(envelope).join(' ')).toBe('specversion type source subject id time dataversion producer');
    expect(envelope).toMatchObject({
      specversion: '1.0',
      type: 'dimo.signals',
      time: '2026-01-15T12:00:00.12Z',
      dataversion: 'r/v0/s',
    });
    expect(envelope.id).toMatch(/^[0-9A-Za-z]{27}$/);
    expect(Object.keys(data)).toEqual(['signals']);
    expect((data.signals as { name: string }[]).map(({ name }) => name).join(' ')).toBe(
      'isIgnitionOn powertrainTransmissionTravelledDistance speed currentLocationCoordinates',
    );
    for (const signal of data.signals) {
      expect(Object.keys(signal)).toEqual([
        'timestamp',
        'name',
        'valueNumber',
        'valueString',
        'valueLocation',
        'cloudEventId',
      ]);
      expect(Object.keys(signal.valueLocation)).toEqual(['latitude', 'longitude', 'hdop', 'heading']);
      expect(signal).toMatchObject({ timestamp: envelope.time, cloudEventId: envelope.id, valueString: '' });
    }
  });

  test('has an events message for every harsh braking', () => {
    expect(sent.events.length).toBeGreaterThan(0);
    for (const { value } of sent.events) {
      const { type, id, data } = JSON.parse(value);
      expect({ type, data }).toEqual({
        type: 'dimo.events',
        data: {
          events: [
            {
              name: 'behavior.harshBraking',
              timestamp: '2026-01-15T12:00:00.12Z',
              durationNs: 0,
              metadata: '{"counterValue":1}',
              cloudEventId: id,
              tags: [],
            },
          ],
        },
      });
    }
  });

  test('never repeats the id of a report', () => {
    const ids = sent.signals.map(({ value }) => JSON.parse(value).id as string);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

test('a fleet that cannot publish says so once, and again when it could meanwhile', async () => {
  const told: string[] = [];
  const answers = ['first', 'second', undefined, 'fourth'];
  const send = () => {
    const failure = answers.shift();
    return failure === undefined ? Promise.resolve() : Promise.reject(new Error(failure));
  };
  const fleet = new Fleet({ producer: { send }, onFailure: (error) => told.push((error as Error).message) });
  while (answers.length > 0) await fleet.report();
  expect(told).toEqual(['first', 'fourth']);
});
