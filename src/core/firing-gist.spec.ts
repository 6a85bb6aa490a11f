import { describe, expect, test } from '@jest/globals';
import { firingGist } from './firing-gist.js';
import { isObject } from './json.js';

/** The slow way. */
function parsed(payload: string) {
  const event: unknown = JSON.parse(payload);
  if (!isObject(event)) return undefined;
  const { service, metricName } = isObject(event.data) ? event.data : {};
  return { service: String(service), metricName: String(metricName), traceparent: event.traceparent };
}

const TRACEPARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const TEXTS = [
  ...['plain', '', '"', '\\', '}', '"},"data":{"service":"x","metricName":"y",', 'größe', '\u2028', '\0'],
  ...[TRACEPARENT, `,"traceparent":"${TRACEPARENT}"}`, '"traceparent":'],
];

/** Numbers below `below` that follow from the seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** As a firing is written, and with members that are missing, elsewhere, of another kind, or called alike. */
function anyFiring(random: (below: number) => number): string {
  const text = () => TEXTS[random(TEXTS.length)]!;
  const maybe = (name: string, value: () => unknown, chance = 8) => (random(chance) === 0 ? { [name]: value() } : {});
  const odd = () =>
    [text(), 7, null, [text()], { service: text(), metricName: text(), traceparent: text() }][random(5)];
  const data = {
    ...maybe('metricName', text),
    ...{ service: random(8) === 0 ? odd() : text(), metricName: random(8) === 0 ? odd() : text(), webhookId: text() },
    ...maybe('signal', odd, 2),
    ...maybe('traceparent', odd),
  };
  return JSON.stringify({
    ...{ id: text(), subject: text() },
    ...maybe('traceparent', odd),
    ...maybe('service', odd),
    ...maybe('extra', odd),
    data: random(16) === 0 ? odd() : data,
    ...maybe('metricName', odd),
    sequence: '1',
    ...maybe('traceparent', () => (random(4) === 0 ? odd() : TRACEPARENT), 2),
  });
}

describe('what is read of a firing is what parsing it tells', () => {
  test.each([1, 2, 3])('of 20,000 random ones, seed %i', (seed) => {
    const random = randomOf(seed);
    const wrong = Array.from({ length: 20_000 }, () => anyFiring(random)).filter(
      (payload) => JSON.stringify(firingGist(payload)) !== JSON.stringify(parsed(payload)),
    );
    expect(wrong).toEqual([]);
  });

  test.each(['{', '', '[]', 'null', '"text"'])('and nothing of %j', (payload) => {
    expect(firingGist(payload)).toBeUndefined();
  });
});
