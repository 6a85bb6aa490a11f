import { expect, test } from '@jest/globals';
import { type Random, random } from '../../test/support/random.js';
import { decodeText } from './message.js';
import { concernsNobody } from './message-subject.js';

const CONTRACT = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF';
const VEHICLE = `${CONTRACT}:1`;
const OTHER = `${CONTRACT}:2`;

/** The only vehicle that a message can be about, where nobody watches it; undefined where only the parser can tell. */
function vehicleAtMost(text: string): string | undefined {
  let found: string | undefined;
  const isCertain = concernsNobody(text, (vehicle) => {
    found = vehicle;
    return false;
  });
  return isCertain ? found : undefined;
}

test('a message about a vehicle that is watched concerns somebody', () => {
  const text = `{"subject":"${VEHICLE}"}`;
  expect(concernsNobody(text, (vehicle) => vehicle === OTHER)).toBe(true);
  expect(concernsNobody(text, (vehicle) => vehicle === VEHICLE)).toBe(false);
});

test.each([
  ['as DIMO writes it', `{"specversion":"1.0","subject":"${VEHICLE}","data":{"signals":[]}}`],
  ['with space around the colon', `{"subject" \t\r\n : \n "${VEHICLE}"}`],
  ['in another spelling', `{"subject":"${VEHICLE.toLowerCase()}"}`],
  ['beside other escapes', `{"id":"a\\"b\\\\c\\/d\\n","subject":"${VEHICLE}"}`],
  ['beside other letters', `{"id":"Zürich 🚗","subject":"${VEHICLE}"}`],
])('the subject is found %s', (_, text) => {
  expect(vehicleAtMost(text)).toBe(VEHICLE);
  expect(decodeText('signal', text)).toMatchObject({ kind: 'ok', vehicle: VEHICLE });
});

test.each([
  ['comes twice', `{"subject":"${VEHICLE}","subject":"${OTHER}"}`],
  ['comes again, hidden in an escape', `{"subject":"${VEHICLE}","\\u0073ubject":"${OTHER}"}`],
  ['comes again, with capitals in the escape', `{"subject":"${VEHICLE}","sub\\u006Aect":"${OTHER}"}`],
  ['comes in another object too', `{"data":{"subject":"${OTHER}"},"subject":"${VEHICLE}"}`],
  ['is another text too', `{"id":"subject","subject":"${VEHICLE}"}`],
  ['is spelled with an escape', `{"subject":"did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF\\u003a1"}`],
  ['is null', '{"subject":null}'],
  ['is a number', '{"subject":5}'],
  ['is no vehicle', '{"subject":"x"}'],
  ['is missing', '{"data":{}}'],
  ['has another case', `{"Subject":"${VEHICLE}"}`],
  ['is the end of another name', `{"xsubject":"${VEHICLE}"}`],
  ['has no value', '{"subject"'],
  ['has no end', `{"subject":"${VEHICLE}`],
  ['has no colon', `{"subject" "${VEHICLE}"}`],
  ['has space that is none in JSON', `{"subject":\u00a0"${VEHICLE}"}`],
])('the parser is asked where the subject %s', (_, text) => {
  expect(vehicleAtMost(text)).toBeUndefined();
});

test('whatever the text, a message is about the vehicle that was found or about none (20,000 random ones)', () => {
  const dice = random(20260115);
  const counts = { unsure: 0, ok: 0, poison: 0 };
  for (let round = 0; round < 20_000; round++) {
    const text = mutated(dice, jsonOf(dice, 0), dice.below(3));
    const found = vehicleAtMost(text);
    if (found === undefined) {
      counts.unsure += 1;
      continue;
    }
    for (const kind of ['signal', 'event'] as const) {
      const message = decodeText(kind, text);
      counts[message.kind] += 1;
      if (message.kind === 'ok' && message.vehicle !== found) expect({ text, vehicle: message.vehicle }).toBe(found);
    }
  }
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(2_000);
});

const NAMES = [
  ...[
    '"subject"',
    '"subject"',
    '"subject"',
    '"Subject"',
    '"\\u0073ubject"',
    '"sub\\u006aect"',
    '"subjec\\u0074"',
    '"subject\\u0000"',
    '"a\\"subject"',
  ],
  ...['"object"', '"data"', '"durationNs"', '"time"', '"__proto__"', '"x"', '"ſubject"'],
];
const PLAIN_NAMES = ['"id"', '"data"', '"source"', '"durationNs"'];
const TEXTS = [
  ...[VEHICLE, VEHICLE, OTHER, OTHER.toLowerCase(), `${CONTRACT}:+2`, `${CONTRACT}\\u003a1`, 'subject'].map(
    (text) => `"${text}"`,
  ),
  ...['"a\\"subject\\":\\"b"', '"\\\\"', '""', '"ü"'],
];
const OTHERS = ['null', '1', '12345678901234567890', '-1.5e3', 'true', '[]', '{}', '{"signals":[]}', '{"events":null}'];
const SPACES = ['', '', '', ' ', '\n', '\t ', '\u00a0'];

/** A JSON text, mostly valid, of an object with members that look like the subject in many ways. */
function jsonOf(dice: Random, depth: number): string {
  const space = () => (dice.below(4) === 0 ? of(dice, SPACES) : '');
  const member = () =>
    `${space()}${of(dice, dice.below(3) === 0 ? NAMES : PLAIN_NAMES)}${space()}:${space()}${valueOf(dice, depth)}${space()}`;
  const members = Array.from({ length: dice.below(4) }, member);
  if (depth === 0) members.splice(dice.below(4), 0, `"subject":"${of(dice, [VEHICLE, OTHER.toLowerCase()])}"`);
  return `{${members.join(',')}}`;
}

function valueOf(dice: Random, depth: number): string {
  const choice = dice.below(8);
  if (choice === 0 && depth < 3) return jsonOf(dice, depth + 1);
  if (choice === 1 && depth < 3) return `[${jsonOf(dice, depth + 1)}]`;
  return of(dice, choice < 6 ? TEXTS : OTHERS);
}

/** The text with so many places cut out, doubled, or filled with what has a meaning in JSON. */
function mutated(dice: Random, original: string, times: number): string {
  let text = original;
  for (let time = 0; time < times; time++) {
    const from = dice.below(text.length + 1);
    const to = Math.min(from + dice.below(12), text.length);
    const filling = [of(dice, PIECES), text.slice(from, to) + text.slice(from, to), ''];
    text = text.slice(0, from) + of(dice, filling) + text.slice(dice.below(2) === 0 ? from : to);
  }
  return text;
}

const PIECES = [
  '"',
  '\\',
  '\\u',
  '\\"',
  ':',
  ',',
  '{',
  '}',
  '"subject":',
  'subject"',
  ...NAMES,
  ...TEXTS,
  '\ufeff',
  '5',
];

function of<Item>(dice: Random, items: readonly Item[]): Item {
  return items[dice.below(items.length)]!;
}
