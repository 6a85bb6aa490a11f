import type { Closure, Overload } from './condition-closure.js';
import { boolOfText, characters, doubleOfText, intOfDouble, intOfText, textOfDouble } from './condition-conversions.js';
import { distanceKm, isSameLocation, MATCHES_COMPILED, type Pattern } from './condition-environments.js';
import type { Location } from './sample.js';

/** An overload of one operand. */
function unary<T, Result>(type: string, compute: (value: T) => Result, canThrow = false): Overload {
  return {
    type,
    canThrow,
    of: (asked: Closure<T>) => (sample, before) => compute(asked(sample, before)),
  };
}

const same = <T>(value: T): T => value;

/** Functions, by signature. A method is the function of its receiver, `string.trim()`. */
const CONVERSIONS: readonly [string, Overload][] = [
  ['-int', unary('int', (value: bigint) => -value)],
  ['-double', unary('double', (value: number) => -value)],
  ['!bool', { type: 'bool', of: (asked: Closure<boolean>) => (sample, before) => !asked(sample, before) }],
  ['int(int)', unary('int', same)],
  ['int(double)', unary('int', intOfDouble, true)],
  ['int(string)', unary('int', intOfText, true)],
  ['double(double)', unary('double', same)],
  ['double(int)', unary('double', Number)],
  ['double(string)', unary('double', doubleOfText, true)],
  ['string(string)', unary('string', same)],
  ['string(int)', unary('string', String)],
  ['string(double)', unary('string', textOfDouble)],
  ['string(bool)', unary('string', String)],
  ['bool(bool)', unary('bool', same)],
  ['bool(string)', unary('bool', boolOfText, true)],
];

const TEXT_METHODS: readonly [string, Overload][] = [
  [
    'string.contains(string)',
    {
      type: 'bool',
      of: (text: Closure<string>, part: Closure<string>) => (sample, before) => {
        const wanted = part(sample, before);
        return text(sample, before).includes(wanted);
      },
      withConstant: (text: Closure<string>, part: string) => (sample, before) => text(sample, before).includes(part),
    },
  ],
  [
    'string.startsWith(string)',
    {
      type: 'bool',
      of: (text: Closure<string>, part: Closure<string>) => (sample, before) => {
        const wanted = part(sample, before);
        return text(sample, before).startsWith(wanted);
      },
      withConstant: (text: Closure<string>, part: string) => (sample, before) => text(sample, before).startsWith(part),
    },
  ],
  [
    'string.endsWith(string)',
    {
      type: 'bool',
      of: (text: Closure<string>, part: Closure<string>) => (sample, before) => {
        const wanted = part(sample, before);
        return text(sample, before).endsWith(wanted);
      },
      withConstant: (text: Closure<string>, part: string) => (sample, before) => text(sample, before).endsWith(part),
    },
  ],
  [
    `string.${MATCHES_COMPILED}(Pattern)`,
    {
      type: 'bool',
      of: (text: Closure<string>, pattern: Closure<Pattern>) => (sample, before) =>
        pattern(sample, before).test(text(sample, before)),
      withConstant: (text: Closure<string>, pattern: Pattern) => (sample, before) => pattern.test(text(sample, before)),
    },
  ],
  ['string.lowerAscii()', unary('string', (text: string) => text.toLowerCase())],
  ['string.upperAscii()', unary('string', (text: string) => text.toUpperCase())],
  ['string.trim()', unary('string', (text: string) => text.trim())],
];

/** Calls ask their arguments from the last to the first, as the library does: it decides which of two errors is seen. */
const GEO_DISTANCE: Overload = {
  type: 'double',
  of: (
    latitude1: Closure<number>,
    longitude1: Closure<number>,
    latitude2: Closure<number>,
    longitude2: Closure<number>,
  ) => {
    return (sample, before) => {
      const east2 = longitude2(sample, before);
      const north2 = latitude2(sample, before);
      const east1 = longitude1(sample, before);
      return distanceKm(latitude1(sample, before), east1, north2, east2);
    };
  },
};

const ELEMENTS = ['double', 'int', 'string', 'bool'] as const;

/** What compares lists and asks them, for one type of their elements. NaN is in no list. */
function ofLists(element: string): [string, Overload][] {
  return [
    [
      `${element} in list<${element}>`,
      {
        type: 'bool',
        of: (value: Closure<unknown>, list: Closure<readonly unknown[]>) => (sample, before) => {
          const wanted = value(sample, before);
          return list(sample, before).indexOf(wanted) >= 0;
        },
        withConstant: (value: Closure<unknown>, list: readonly unknown[]) => (sample, before) =>
          list.indexOf(value(sample, before)) >= 0,
      },
    ],
    [`list<${element}> == list<${element}>`, { type: 'bool', of: sameElements(true) }],
    [`list<${element}> != list<${element}>`, { type: 'bool', of: sameElements(false) }],
  ];
}

type List = readonly unknown[];

function sameElements(isWanted: boolean): Overload['of'] {
  return (left: Closure<List>, right: Closure<List>) => (sample, before) => {
    const first = left(sample, before);
    const second = right(sample, before);
    const isSame = first.length === second.length && first.every((element, at) => element === second[at]);
    return isSame === isWanted;
  };
}

const isAmong: Overload = {
  type: 'bool',
  of: (value: Closure<number | bigint>, list: Closure<readonly (number | bigint)[]>) => (sample, before) => {
    const wanted = value(sample, before);
    return list(sample, before).some((element) => wanted == element);
  },
};

function sameLocation(isWanted: boolean): Overload {
  return {
    type: 'bool',
    of: (left: Closure<Location>, right: Closure<Location>) => (sample, before) =>
      isSameLocation(left(sample, before), right(sample, before)) === isWanted,
  };
}

/** Everything but arithmetic and comparisons of single values, by signature. */
export const CALLS: ReadonlyMap<string, Overload> = new Map<string, Overload>([
  ...CONVERSIONS,
  ...TEXT_METHODS,
  ['geoDistance(double, double, double, double)', GEO_DISTANCE],
  ...ELEMENTS.flatMap(ofLists),
  ['double in list<int>', isAmong],
  ['int in list<double>', isAmong],
  ['Location == Location', sameLocation(true)],
  ['Location != Location', sameLocation(false)],
]);

/** How large a text or a list is; apart, because it is small enough for a plain number. */
export const SIZES: ReadonlyMap<string, (asked: Closure<never>) => Closure<number>> = new Map(
  [
    [
      'string',
      (asked: Closure<string>): Closure<number> =>
        (sample, before) =>
          characters(asked(sample, before)),
    ] as const,
    ...ELEMENTS.map(
      (element) =>
        [
          `list<${element}>`,
          (asked: Closure<List>): Closure<number> =>
            (sample, before) =>
              asked(sample, before).length,
        ] as const,
    ),
  ].flatMap(([type, size]) => [
    [`size(${type})`, size as never],
    [`${type}.size()`, size as never],
  ]),
);
