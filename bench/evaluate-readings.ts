import type { ValueKind } from '../src/core/catalog.js';
import { decodeMessage } from '../src/core/message.js';
import type { Reading, Sample } from '../src/core/sample.js';
import { readingOf } from '../src/core/state.js';

/** A sample, and the one that last fired. */
export interface Asked {
  sample: Sample;
  previous: Reading | undefined;
}

/** Of each kind; a power of two, so that a turn needs no division. */
export const SAMPLES = 64;

/** How many turns pass from one sample without a previous one to the next. */
const FIRST_EVERY = 8;

/** Samples as a process decodes them, beside what their states remember. */
export function samplesOf(valueKind: ValueKind): Asked[] {
  const entries = Array.from({ length: SAMPLES }, (_, place) => entryOf(valueKind, place));
  const kind = valueKind === 'event' ? 'event' : 'signal';
  const message = {
    subject: 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:1',
    source: '0xF26421509Efe92861a587482100c6d728aBf1CD0',
    producer: 'did:erc721:137:0x9c94C395cBcBDe662235E0A9d3bB87Ad708561BA:1',
    data: { [`${kind}s`]: entries },
  };
  const decoded = decodeMessage(kind, Buffer.from(JSON.stringify(message)));
  if (decoded.kind !== 'ok' || decoded.rejected.length > 0)
    throw new Error(`samples are bad: ${JSON.stringify(decoded)}`);
  const { samples } = decoded;
  return samples.map((sample, place) => {
    const previous = place % FIRST_EVERY === 0 ? undefined : readingOf(samples[(place * 5 + 1) % SAMPLES]!);
    return { sample, previous };
  });
}

function entryOf(valueKind: ValueKind, place: number): object {
  const timestamp = '2026-01-15T12:00:00Z';
  const location = {
    latitude: 47 + place / 10,
    longitude: 8 + place / 8,
    hdop: place % 7,
    heading: (place * 11) % 360,
  };
  switch (valueKind) {
    case 'number':
      return { name: 'speed', timestamp, valueNumber: place % 3 === 0 ? place : place * 1.25, valueString: '' };
    case 'string':
      return { name: 'obdDTCList', timestamp, valueNumber: 0, valueString: TEXTS[place % TEXTS.length]!(place) };
    case 'location':
      return {
        name: 'currentLocationCoordinates',
        timestamp,
        valueNumber: 0,
        valueString: '',
        valueLocation: location,
      };
    case 'event':
      return {
        name: place % 2 === 0 ? 'behavior.harshBraking' : 'behavior.extremeBraking',
        timestamp,
        durationNs: place * 123_456_789,
        metadata: `{"counterValue":${place % 40}}`,
        tags: TAGS.slice(0, place % 4).map((tag) => `${tag}.${place % 16}`),
      };
  }
}

const TEXTS: readonly ((place: number) => string)[] = [
  (place) => `P0${place}`,
  (place) => `["P03${place}","P0${place % 10}1","C1234"]`,
  (place) => `LOW${place}`,
  () => '',
];
const TAGS = ['behavior', 'safety', 'night'];
