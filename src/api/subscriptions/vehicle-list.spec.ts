import { expect, test } from '@jest/globals';
import { vehicle } from '../../../test/support/api.js';
import { readVehicles, vehicleList } from './vehicle-list.js';

const listOf = (count: number) => ({ assetDIDs: Array.from({ length: count }, (_unused, at) => vehicle(at)) });

test.each([1, 100_000])('a list of %i vehicles is taken, each once', async (count) => {
  const { assetDIDs } = vehicleList.parse(listOf(count));
  expect(await readVehicles({ assetDIDs: [...assetDIDs.slice(1), ...assetDIDs] })).toHaveLength(count);
});

test('one more is refused', () => {
  expect(vehicleList.safeParse(listOf(100_001)).success).toBe(false);
});

test('twenty of the entries that are no vehicles are named, each with its place', async () => {
  const assetDIDs = [vehicle(1), ...Array.from({ length: 30 }, () => 'x')];
  await expect(readVehicles({ assetDIDs })).rejects.toMatchObject({
    status: 400,
    options: { errors: Array.from({ length: 20 }, (_unused, at) => ({ pointer: `#/assetDIDs/${at + 1}` })) },
  });
});
