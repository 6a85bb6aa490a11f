import { Environment } from '@marcbachmann/cel-js';
import type { ValueKind } from './catalog.js';
import { RE2JS } from 're2js';
import { LOCATION_FIELDS, LocationValue, VARIABLES } from './condition-variables.js';
import type { Location } from './sample.js';

/** Otherwise cel-js looks at each result for a promise. */
const SYNCHRONOUS = { async: false };

/** Mean radius by which upstream computes distances; not the 6371 km of most formulas. */
const EARTH_RADIUS_KM = 6_378.1;

/**
 * What the parser accepts. The depth and the lengths keep its recursion and ours far from the stack's end; no
 * condition that a person wrote comes near.
 */
const PARSER_LIMITS = { maxAstNodes: 512, maxDepth: 32, maxListElements: 128, maxMapEntries: 16, maxCallArguments: 8 };

/** The method that stands for `matches` after its pattern was compiled; a user cannot call it. */
export const MATCHES_COMPILED = '__matchesCompiled';

/**
 * A regular expression that takes time linear in the text: CEL asks for RE2's syntax, and JavaScript's own engine
 * backtracks. Throws on a pattern that RE2 refuses.
 */
export class Pattern {
  private readonly expression: RE2JS;

  constructor(source: string) {
    this.expression = RE2JS.compile(source);
  }

  /** Instructions of the compiled program: matching costs at most this times the length of the text. */
  get size(): number {
    return this.expression.programSize();
  }

  test(text: string): boolean {
    return this.expression.test(text);
  }
}

type Numeric = number | bigint;

const ARITHMETIC: readonly [string, (a: number, b: number) => number][] = [
  ['+', (a, b) => a + b],
  ['-', (a, b) => a - b],
  ['*', (a, b) => a * b],
  ['/', (a, b) => a / b],
  ['%', (a, b) => a % b],
];

/**
 * The variables and operators that the conditions of each kind have. One for all conditions of a kind, since making one
 * takes as long as checking thirty conditions.
 *
 * Numbers are declared `double`, not `dyn`, so that nonsense behind a short circuit is found when the condition is
 * made and not at the first sample that gets there. CEL alone has no operator between `double` and `int`; those here
 * give `value + 10` and `value == 55` their plain meaning. Integers divide as integers.
 */
export const ENVIRONMENTS: Readonly<Record<ValueKind, Environment>> = {
  number: environmentOf('number'),
  string: environmentOf('string'),
  location: environmentOf('location'),
  event: environmentOf('event'),
};

function environmentOf(valueKind: ValueKind): Environment {
  const environment = new Environment({ limits: PARSER_LIMITS });
  const fields = Object.fromEntries(LOCATION_FIELDS.map((field) => [field, 'double']));
  environment.registerType('Location', { ctor: LocationValue, fields });
  // Without `fields`, every JavaScript property of the object could be read.
  environment.registerType('Pattern', { ctor: Pattern, fields: {} });
  for (const [name, type] of VARIABLES[valueKind]) environment.registerVariable(name, type);
  registerMixedNumbers(environment);
  environment.registerOperator('Location == Location: bool', isSameLocation);
  environment.registerFunction('geoDistance(double, double, double, double): double', distanceKm, SYNCHRONOUS);
  const matches = (text: string, pattern: Pattern) => pattern.test(text);
  environment.registerFunction(`string.${MATCHES_COMPILED}(Pattern): bool`, matches, SYNCHRONOUS);
  return environment;
}

function registerMixedNumbers(environment: Environment): void {
  for (const [operator, compute] of ARITHMETIC) {
    const computeMixed = (a: Numeric, b: Numeric) => compute(Number(a), Number(b));
    environment.registerOperator(`double ${operator} int: double`, computeMixed);
    environment.registerOperator(`int ${operator} double: double`, computeMixed);
  }
  environment.registerOperator('double % double: double', (a: number, b: number) => a % b);
  // Also makes int == double, and != both ways.
  environment.registerOperator('double == int: bool', isSameNumber);
  const isAmong = (a: Numeric, list: readonly Numeric[]) => list.some((b) => isSameNumber(a, b));
  environment.registerOperator('double in list<int>: bool', isAmong);
  environment.registerOperator('int in list<double>: bool', isAmong);
}

/** JavaScript compares numbers with BigInts by their mathematical values, without rounding, when asked loosely. */
function isSameNumber(a: Numeric, b: Numeric): boolean {
  return a == b;
}

/** Whether all members are the same. */
export function isSameLocation(a: Location, b: Location): boolean {
  return LOCATION_FIELDS.every((field) => a[field] === b[field]);
}

/** Great-circle distance in km between two points in degrees, by the haversine formula. */
export function distanceKm(latitude1: number, longitude1: number, latitude2: number, longitude2: number): number {
  const radians = Math.PI / 180;
  const sineOfHalf = (degrees: number) => Math.sin((degrees * radians) / 2);
  const chord =
    sineOfHalf(latitude2 - latitude1) ** 2 +
    Math.cos(latitude1 * radians) * Math.cos(latitude2 * radians) * sineOfHalf(longitude2 - longitude1) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(chord)));
}
