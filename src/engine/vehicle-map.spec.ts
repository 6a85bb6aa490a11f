import { expect, test } from '@jest/globals';
import { random } from '../../test/support/random.js';
import { VehicleMap } from './vehicle-map.js';

const FLEET = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:';
const PREFIXES = [FLEET, FLEET, 'did:erc721:1:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:', 'v', ''];
const NUMBERS = [
  '0',
  '00',
  '01',
  '1',
  '2',
  '10',
  '-1',
  '',
  '999999999999999',
  '1000000000000000',
  // One number, for who reads them as one.
  '9007199254740992',
  '9007199254740993',
  '9'.repeat(77),
  '1x',
];

test('keeps what a Map keeps, whatever the names end in', () => {
  const dice = random(5);
  const [map, model] = [new VehicleMap<number>(), new Map<string, number>()];
  const names = PREFIXES.flatMap((prefix) => NUMBERS.map((number) => prefix + number));
  for (let round = 0; round < 20_000; round++) {
    const name = names[dice.below(names.length)]!;
    // Now and then most are deleted, so that what is common to some is gone and comes back.
    if (dice.below(10) < (round % 1_000 < 500 ? 3 : 9)) {
      map.delete(name);
      model.delete(name);
    } else {
      map.set(name, round);
      model.set(name, round);
    }
    const asked = names[dice.below(names.length)]!;
    expect([asked, map.get(asked)]).toEqual([asked, model.get(asked)]);
    if (round % 500 === 0) expect(new Map(map.entries())).toEqual(model);
  }
});

test('goes on iterating over what is changed and deleted meanwhile', () => {
  const map = new VehicleMap<number>();
  for (const name of ['a1', 'a2', 'b1', 'c1']) map.set(name, 1);
  const seen: string[] = [];
  for (const [name, value] of map.entries()) {
    seen.push(`${name} ${value}`);
    if (name === 'a1') for (const gone of ['a1', 'b1']) map.delete(gone);
    if (name === 'a1') map.set('c1', 2);
  }
  expect(seen).toEqual(['a1 1', 'a2 1', 'c1 2']);
});
