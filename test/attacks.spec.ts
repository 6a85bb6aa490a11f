/**
 * Conditions that would end, hang or fill a process, posted to the running product, which has little memory to spare.
 * Each is refused, and while they come samples go on being evaluated.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Developer } from './support/developer.js';
import { ProductSetup } from './support/product-setup.js';
import { signalMessage, VEHICLE } from './support/stream.js';

/** Several of these would take gigabytes. */
const HEAP_MB = 256;

const nested = (depth: number): string =>
  depth === 0 ? 'true' : `[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].all(v${depth}, ${nested(depth - 1)})`;

const doubled = (start: string, levels: number, end: string): string => {
  let text = `size(x${levels}) ${end}`;
  for (let level = levels; level >= 1; level--) text = `cel.bind(x${level}, x${level - 1} + x${level - 1}, ${text})`;
  return `cel.bind(x0, ${start}, ${text})`;
};

const ATTACKS: [name: string, condition: string, metricName?: string][] = [
  ['comprehensions nested 6 deep', nested(6)],
  ['comprehensions nested 8 deep', nested(8)],
  ['comprehensions nested 12 deep', nested(12)],
  ['a comprehension over a range of strings', '"aaaaaaaaaaaaaaaaaaaaaaaaaaaa".split("").map(x, x + x).size() > 0'],
  ['a list doubled 20 times', doubled('[1, 2, 3, 4]', 20, '> 0')],
  ['a list doubled 28 times', doubled('[1, 2, 3, 4]', 28, '> 0')],
  ['a string doubled 24 times', doubled('"aaaaaaaaaaaaaaaa"', 24, '> 0')],
  ['a string doubled 40 times', doubled('"aaaaaaaaaaaaaaaa"', 40, '> 0')],
  ['a string added to itself 400 times', `size(${Array(400).fill('valueString').join(' + ')}) > 0`],
  ['a pattern that is not literal', 'valueString.matches(valueString)', 'powertrainType'],
  ['a pattern with look-ahead', 'valueString.matches("(?=a)a")', 'powertrainType'],
  ['a pattern with a back reference', 'valueString.matches("(a)\\\\1")', 'powertrainType'],
  ['a pattern with a huge repetition', 'valueString.matches("a{1001}")', 'powertrainType'],
  ['a pattern with nested repetitions', 'valueString.matches("((a{0,100}){0,100}){0,100}")', 'powertrainType'],
  ['5,000 exclamation marks', `${'!'.repeat(5000)}true`],
  ['5,000 conjunctions', Array(5000).fill('true').join(' && ')],
  ['2,000 brackets', `${'('.repeat(990)}true${')'.repeat(990)}`],
  ['a list of 1,000 numbers', `value in [${Array(600).fill('1').join(',')}]`],
  ['a time zone look-up', 'timestamp("2026-01-01T00:00:00Z").getHours("America/Los_Angeles") > 0'],
  ['an unknown method', 'valueString.anUnknownMethod12345()'],
  ['the constructor of a value', 'valueString.constructor("return process")()'],
  ['a prototype', 'value.__proto__ == 1'],
  ['a prototype in a map', '{"__proto__": 1}.size() > 0'],
  ['a type as a value', 'type(1).constructor == 1'],
  ['a global of the runtime', 'process.exit() == 1'],
  ['bytes', 'size(b"aaaa") > 0'],
  ['a text of 100,000 characters', `value > ${'1'.repeat(100_000)}`],
  ['text that is no condition', '🚗'.repeat(100)],
  ['NUL', 'value > 1\u0000'],
  ['an ungrouped surrogate', 'valueString == "\ud800"', 'powertrainType'],
];

/** Slow or impossible for backtracking engines; in linear time they are just conditions. */
const HARMLESS_HERE: [name: string, condition: string][] = [
  ['nested stars', 'valueString.matches("^(a+)+$")'],
  ['overlapping alternatives', 'valueString.matches("^(a|a|aa)+$")'],
];

let setup: ProductSetup;
let developer: Developer;
let speed = 0;

beforeAll(async () => {
  setup = await ProductSetup.create();
  await setup.start({ NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` });
  developer = await setup.developer();
  await developer.watch({ targetURL: setup.receiver.url('/witness'), condition: 'true' }, [VEHICLE]);
}, 60_000);

afterAll(() => setup?.stop(), 30_000);

/** A sample sent now is still evaluated and delivered. */
async function goesOn(): Promise<void> {
  await setup.stream.send(setup.topics.signals, [signalMessage(VEHICLE, { speed: ++speed })]);
  const received = await setup.receiver.arrived('/witness', speed);
  expect(received.at(-1)!.event.data.signal.value).toBe(speed);
}

describe('refused, and the stream goes on:', () => {
  test.each(ATTACKS)('%s', async (_, condition, metricName = 'speed') => {
    for (const [path, body] of [
      ['/v1/webhooks', { targetURL: setup.receiver.url('/attack'), verificationToken: 'unasked' }],
      ['/v1/conditions/evaluate', { sample: { value: metricName === 'speed' ? 1 : 'a' } }],
    ] as const) {
      const answer = await developer.call('POST', path, { service: 'signals', metricName, condition, ...body });
      expect([path, answer.status]).toEqual([path, 400]);
    }
    const check = await developer.call('POST', '/v1/conditions/check', { service: 'signals', metricName, condition });
    expect(check.status === 400 || check.body.valid === false).toBe(true);
    await goesOn();
  });

  test('none of them was stored, and no target was asked', async () => {
    const { body } = await developer.call('GET', '/v1/webhooks');
    expect((body as { targetURL: string }[]).map(({ targetURL }) => targetURL)).toEqual([
      setup.receiver.url('/witness'),
    ]);
    expect(setup.receiver.handshakes).toEqual(['/witness']);
  });
});

test.each(HARMLESS_HERE)('%s take linear time on a text that they nearly match', async (_, condition) => {
  const path = `/pattern-${encodeURIComponent(condition)}`;
  const webhook = { metricName: 'powertrainType', condition, targetURL: setup.receiver.url(path) };
  await developer.watch(webhook, [VEHICLE]);
  await setup.stream.send(setup.topics.signals, [
    signalMessage(VEHICLE, { powertrainType: `${'a'.repeat(5000)}!` }),
    signalMessage(VEHICLE, { powertrainType: 'aaa' }),
  ]);
  const [firing] = await setup.receiver.arrived(path, 1);
  expect(firing!.event.data.signal.value).toBe('aaa');
  await goesOn();
});
