import type { ValueKind } from './catalog.js';
import type { Closure, Operand } from './condition-closure.js';
import { isPrevious, TAGS_CONSIDERED_MAX, TEXT_LENGTH_MAX, textTooLong, VARIABLES } from './condition-variables.js';
import type { Location } from './sample.js';

/** How each member is read. A previous text is cut where `limitTexts` would. */
const MEMBERS: Readonly<Record<string, Closure<unknown>>> = {
  valueNumber: (sample) => sample.valueNumber,
  valueString: (sample) => sample.valueString,
  valueLocation: (sample) => sample.valueLocation,
  source: (sample) => sample.source,
  name: (sample) => sample.name,
  metadata: (sample) => sample.metadata,
  durationNs: (sample) => sample.durationNs,
  tags: ({ tags }) => (tags.length > TAGS_CONSIDERED_MAX ? tags.slice(0, TAGS_CONSIDERED_MAX) : tags),
  previousValueNumber: (_, before) => before.valueNumber,
  previousValueString: (_, before) => cut(before.valueString),
  previousValueLocation: (_, before) => before.valueLocation,
  previousSource: (_, before) => cut(before.source),
  previousName: (_, before) => cut(before.name),
  previousMetadata: (_, before) => cut(before.metadata),
  previousDurationNs: (_, before) => before.durationNs,
};

/** How each field of a location is read, of the sample's own and of the previous one: without a call for the location. */
export const FIELDS: Readonly<Record<string, { value: Closure<number>; previousValue: Closure<number> }>> = {
  latitude: {
    value: (sample) => sample.valueLocation.latitude,
    previousValue: (_, before) => before.valueLocation.latitude,
  },
  longitude: {
    value: (sample) => sample.valueLocation.longitude,
    previousValue: (_, before) => before.valueLocation.longitude,
  },
  hdop: {
    value: (sample) => sample.valueLocation.hdop,
    previousValue: (_, before) => before.valueLocation.hdop,
  },
  heading: {
    value: (sample) => sample.valueLocation.heading,
    previousValue: (_, before) => before.valueLocation.heading,
  },
};

/** How a field is read of a location that is not simply one of the two. */
export const FIELDS_OF: Readonly<Record<string, (location: Closure<Location>) => Closure<number>>> = {
  latitude: (location) => (sample, before) => location(sample, before).latitude,
  longitude: (location) => (sample, before) => location(sample, before).longitude,
  hdop: (location) => (sample, before) => location(sample, before).hdop,
  heading: (location) => (sample, before) => location(sample, before).heading,
};

const MEMBER_OF_VALUE: Readonly<Record<ValueKind, string>> = {
  number: 'Number',
  string: 'String',
  location: 'Location',
  event: '',
};

/** A variable as an operand; undefined for a name that is none of the kind. */
export function variableOperand(valueKind: ValueKind, variable: string): Operand | undefined {
  const type = VARIABLES[valueKind].get(variable);
  const ask = MEMBERS[memberOf(valueKind, variable)];
  return type && ask && { type, ask, canThrow: false };
}

function memberOf(valueKind: ValueKind, variable: string): string {
  const isValue = variable === 'value' || variable === 'previousValue';
  return isValue ? `${variable}${MEMBER_OF_VALUE[valueKind]}` : variable;
}

function cut(text: string): string {
  return text.length > TEXT_LENGTH_MAX ? text.slice(0, TEXT_LENGTH_MAX) : text;
}

/**
 * Throws the `ConditionFailure` of a sample whose texts are too long: of those that the condition names, whether it
 * gets to them or not, in the order in which it names them. Undefined when it names none.
 */
export function textLimit(valueKind: ValueKind, variables: Iterable<string>): Closure<void> | undefined {
  let all: Closure<void> | undefined;
  for (const variable of variables) {
    const limit = isPrevious(variable) ? undefined : limitOf(valueKind, variable);
    all = all && limit ? inOrder(all, limit) : (all ?? limit);
  }
  return all;
}

function limitOf(valueKind: ValueKind, variable: string): Closure<void> | undefined {
  switch (VARIABLES[valueKind].get(variable)) {
    case 'string':
      return LIMITS[memberOf(valueKind, variable)]!(variable);
    case 'list<string>':
      return ({ tags }) => {
        for (let at = Math.min(tags.length, TAGS_CONSIDERED_MAX) - 1; at >= 0; at--) assertLength(variable, tags[at]!);
      };
    default:
      return undefined;
  }
}

const LIMITS: Readonly<Record<string, (variable: string) => Closure<void>>> = {
  valueString: (variable) => (sample) => assertLength(variable, sample.valueString),
  source: (variable) => (sample) => assertLength(variable, sample.source),
  name: (variable) => (sample) => assertLength(variable, sample.name),
  metadata: (variable) => (sample) => assertLength(variable, sample.metadata),
};

function inOrder(first: Closure<void>, second: Closure<void>): Closure<void> {
  return (sample, before) => {
    first(sample, before);
    second(sample, before);
  };
}

function assertLength(variable: string, text: string): void {
  if (text.length > TEXT_LENGTH_MAX) throw textTooLong(variable);
}
