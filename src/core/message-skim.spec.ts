import { isDeepStrictEqual } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { type Random, random } from '../../test/support/random.js';
import { decodeText, parseText, type WantedMetrics } from './message.js';
import { SAMPLE_TEXT_LENGTH_MAX } from './message-entry.js';
import { skimSignals } from './message-skim.js';
import { ZERO_LOCATION } from './sample.js';

const VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345';
const DEVICE = 'did:erc721:137:0x9c94C395cBcBDe662235E0A9d3bB87Ad708561BA:31700';
const ROUNDS = Number(process.env.SKIM_ROUNDS ?? 20_000);
const everything: WantedMetrics = () => () => true;

const SPEED = {
  timestamp: '2026-01-15T11:59:58.5Z',
  name: 'speed',
  valueNumber: 59,
  valueString: '',
  valueLocation: { ...ZERO_LOCATION },
  cloudEventId: 'c-1',
};
const ENVELOPE = {
  ...{ specversion: '1.0', type: 'dimo.signals', source: '0xF26421509Efe92861a587482100c6d728aBf1CD0' },
  ...{ subject: VEHICLE, id: 'c-1', time: '2026-01-15T12:00:00Z', dataversion: 'r/v0/s', producer: DEVICE },
};
const messageOf = (...signals: object[]) => JSON.stringify({ ...ENVELOPE, data: { signals } });
const PLAIN = messageOf(SPEED);

/** Checks that what is skimmed, if anything is, is what the parser gives; whether anything was. */
function isSkimmed(text: string, wanted = everything): boolean {
  const skimmed = skimSignals(text, wanted);
  const parsed = parseText('signal', text, wanted);
  if (skimmed && !isDeepStrictEqual(skimmed, parsed)) expect({ text, ...skimmed }).toEqual({ text, ...parsed });
  return skimmed !== undefined;
}

describe('what DIMO writes is read without the parser:', () => {
  test.each([
    ['a number', PLAIN],
    ['a text', messageOf({ ...SPEED, name: 'powertrainType', valueNumber: 0, valueString: 'COMBUSTION ENGINE 🚗 é' })],
    [
      'a place',
      messageOf({ ...SPEED, valueLocation: { latitude: 54.7106, longitude: -25.23, hdop: 1, heading: 182.5 } }),
    ],
    ['a place of zeros in other spellings', PLAIN.replace('"latitude":0', '"latitude":-0.00')],
    ['several signals', messageOf(SPEED, { ...SPEED, name: 'isIgnitionOn' }, { ...SPEED, valueNumber: -0.5 })],
    ['no data version', PLAIN.replace('"dataversion":"r/v0/s",', '')],
    ['a vehicle in another spelling', PLAIN.replace(VEHICLE, VEHICLE.toLowerCase())],
    ['the end of a month', PLAIN.replaceAll('2026-01-15', '2026-12-31')],
    ['a time in nanoseconds', PLAIN.replace('58.5Z', '58.123456789Z')],
    ['minus zero', PLAIN.replace('"valueNumber":59', '"valueNumber":-0')],
  ])('%s', (_, text) => {
    expect(isSkimmed(text)).toBe(true);
    expect(isSkimmed(text, () => () => false)).toBe(true);
  });
});

describe('the parser is asked when there is', () => {
  const changed = (from: string, to: string) => {
    expect(PLAIN).toContain(from);
    return PLAIN.replace(from, to);
  };
  test.each([
    ['an escape', changed('"speed"', '"sp\\u0065ed"')],
    ['a control character', changed('"speed"', '"sp\need"')],
    ['a space', changed('"name":', '"name": ')],
    ['a line end behind', `${PLAIN}\n`],
    ['something behind', `${PLAIN}}`],
    ['an end too early', PLAIN.slice(0, -1)],
    ['a comma too many', changed('"}]', '"},]')],
    ['no signal', messageOf()],
    ['a member twice', changed('"name":"speed"', '"name":"speed","name":"other"')],
    ['a member in other letter case', changed('"valueNumber"', '"ValueNumber"')],
    ['an unknown member', changed('"name"', '"extra":1,"name"')],
    ['another order', changed('"name":"speed","valueNumber":59', '"valueNumber":59,"name":"speed"')],
    ['a subject behind', changed(']}}', ']},"subject":"x"}')],
    ['an exponent', changed('59', '1e999')],
    ['a number of very many digits', changed('59', '9'.repeat(400))],
    ['a leading zero', changed('59', '059')],
    ['a fraction without digits', changed('59', '5.')],
    ['a number as text', changed('59', '"59"')],
    ['null', changed('59', 'null')],
    ['an offset', changed('58.5Z', '58.5+01:00')],
    ['a day that is none', changed('2026-01-15T11', '2026-02-30T11')],
    ['a leap day', changed('2026-01-15T11', '2024-02-29T11')],
    ['an hour that is none', changed('T11:59', 'T24:59')],
    ['a time of the envelope that is none', changed('2026-01-15T12', '2026-13-15T12')],
    ['a subject that is no vehicle', changed(VEHICLE, 'x')],
    [
      'a text that is too long',
      changed('"valueString":""', `"valueString":"${'x'.repeat(SAMPLE_TEXT_LENGTH_MAX + 1)}"`),
    ],
  ])('%s', (_, text) => {
    expect(isSkimmed(text)).toBe(false);
    expect(decodeText('signal', text)).toEqual(parseText('signal', text));
  });
});

test(`whatever is written, what is skimmed is what is parsed (${ROUNDS} random messages)`, () => {
  const dice = random(20260117);
  const counts = { whole: 0, wholeSkimmed: 0, mutated: 0, mutatedSkimmed: 0 };
  const wanted: WantedMetrics = (vehicle) => (metric) => (vehicle.length + metric.length) % 3 > 0;
  for (let round = 0; round < ROUNDS; round++) {
    const text = messageOf(...Array.from({ length: 1 + dice.below(4) }, () => signal(dice)));
    if (round % 4 === 0) {
      counts.whole += 1;
      if (isSkimmed(text, wanted)) counts.wholeSkimmed += 1;
    } else {
      counts.mutated += 1;
      if (isSkimmed(mutated(dice, text), wanted)) counts.mutatedSkimmed += 1;
    }
  }
  // Numbers with an exponent and texts with escapes are few; most mutations break something, and some do not.
  expect(counts.wholeSkimmed).toBeGreaterThan(0.8 * counts.whole);
  expect(counts.mutatedSkimmed).toBeGreaterThan(0.05 * counts.mutated);
  expect(counts.mutatedSkimmed).toBeLessThan(0.9 * counts.mutated);
});

const one = <Item>(dice: Random, items: readonly Item[]): Item => items[dice.below(items.length)]!;

function signal(dice: Random): object {
  const number = () => (dice.below(2) === 0 ? 0 : (dice.below(2_000_000) - 1_000_000) / 10 ** dice.below(7));
  const hasPlace = dice.below(4) === 0;
  return {
    ...SPEED,
    timestamp: new Date(
      Date.UTC(1990 + dice.below(50), dice.below(12), 1 + dice.below(31), dice.below(24)),
    ).toISOString(),
    name: one(dice, [
      'speed',
      'powertrainTransmissionTravelledDistance',
      'obdDTCList',
      'isIgnitionOn',
      '',
      'é'.repeat(20),
    ]),
    valueNumber: number(),
    valueString: one(dice, [
      '',
      '',
      '',
      'COMBUSTION',
      'a longer text of several words',
      '🚗',
      '["P0301"]'.repeat(dice.below(2)),
    ]),
    valueLocation: hasPlace
      ? { latitude: number(), longitude: number(), hdop: number(), heading: number() }
      : SPEED.valueLocation,
  };
}

const SNIPPETS = [
  ...['"', '\\', ',', '}', '{', ']', '[', ':', ' ', '\n', '\u0001', '\u007f', '\u2028', '\ufffd', 'e', 'E1', '.', '.0'],
  ...[
    '-',
    '-0',
    '0',
    '00',
    '9',
    '31',
    '02-29',
    '2024-02-29',
    '1e5',
    '1e400',
    '9'.repeat(30),
    'null',
    'true',
    '""',
    '{}',
  ],
  ...[
    '[]',
    'Z',
    '+01:00',
    '"name":"x",',
    '"subject":"x",',
    '"valueNumber":1,',
    ',"extra":[1]',
    '"signals":[],',
    'T',
    '60',
  ],
];

/** One to three changes: something left out, put in, repeated or replaced, most of them where a value or a name ends. */
function mutated(dice: Random, text: string): string {
  let changed = text;
  for (let left = 1 + dice.below(3); left > 0; left--) {
    const near = dice.below(3) === 0 ? dice.below(changed.length) : changed.search(one(dice, PLACES)) + dice.below(12);
    const at = Math.min(Math.max(near, 0), changed.length);
    const end = at + one(dice, [0, 0, 1, 1, 2, 5, 20]);
    const put = one(dice, ['', one(dice, SNIPPETS), one(dice, SNIPPETS), changed.slice(at, end).repeat(2)]);
    changed = changed.slice(0, at) + put + changed.slice(end);
  }
  return changed;
}

const PLACES = [
  /"timestamp"/,
  /"time":"/,
  /"name"/,
  /"valueNumber"/,
  /\d,"valueS/,
  /"valueString"/,
  /"latitude"/,
  /"heading"/,
  /"cloudEventId"/,
  /\}\]/,
  /"subject"/,
  /"dataversion"/,
];

test.each([5, 11, 12, 13, 14, 30])(
  'a sample does not keep its message in memory, with texts of %i letters',
  (length) => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const [COUNT, LARGE] = [400, 50_000];
    const kept: unknown[] = [];
    const usedNow = () => (collectGarbage(), process.memoryUsage().heapUsed);
    const before = usedNow();
    for (let at = 0; at < COUNT; at++) {
      const [name, valueString] = ['n', 'v'].map((letter) => letter.repeat(length));
      const filling = { ...SPEED, name: 'filling', valueString: 'x'.repeat(LARGE + at) };
      const text = messageOf({ ...SPEED, name, valueString }, filling);
      const message = skimSignals(Buffer.from(text).toString(), () => (metric) => metric === name);
      expect(message).toMatchObject({ kind: 'ok', samples: [{ name, valueString }] });
      kept.push(message);
    }
    expect(usedNow() - before).toBeLessThan((COUNT * LARGE) / 10);
    expect(kept.length).toBe(COUNT);
  },
);
