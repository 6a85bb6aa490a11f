import { valueWords, type Metric } from './metric.js';

/** What a variable or the part of a value is, which decides what can be done with it. */
export type VariableType = 'number' | 'text' | 'location' | 'list';

export interface Variable {
  name: string;
  type: VariableType;
  /** What completion shows beside the name. */
  detail: string;
  /** A sentence about it. */
  info: string;
}

const BEFORE_FIRST = 'Before the first firing it is';

/** The variables that the conditions of a metric have: those that one wants most first. */
export function variablesOf(metric: Metric): Variable[] {
  return metric.kind === 'event' ? EVENT_VARIABLES : signalVariables(metric);
}

function signalVariables(metric: Metric): Variable[] {
  const { kind } = metric;
  const type = kind === 'event' ? 'text' : kind;
  const detail = valueWords(metric);
  const zero = { number: '0', text: 'empty', location: '0, 0', event: 'empty' }[kind];
  return [
    { name: 'value', type, detail, info: 'What the sample that just arrived measured.' },
    {
      name: 'previousValue',
      type,
      detail,
      info: `The value that made this webhook fire last for the vehicle. ${BEFORE_FIRST} ${zero}.`,
    },
    { name: 'source', type: 'text', detail: 'text', info: 'The connection that reported the sample.' },
    {
      name: 'previousSource',
      type: 'text',
      detail: 'text',
      info: `The connection that reported the sample of the last firing. ${BEFORE_FIRST} empty.`,
    },
    ...TYPED_VALUES,
  ];
}

/** Of any signal, whatever its own type: the other one is zero or empty. */
const TYPED_VALUES: Variable[] = [
  { name: 'valueNumber', type: 'number', detail: 'number', info: 'The value, if it is a number; otherwise 0.' },
  { name: 'valueString', type: 'text', detail: 'text', info: 'The value, if it is a text; otherwise empty.' },
  {
    name: 'previousValueNumber',
    type: 'number',
    detail: 'number',
    info: 'The value of the last firing, if it is a number; otherwise 0.',
  },
  {
    name: 'previousValueString',
    type: 'text',
    detail: 'text',
    info: 'The value of the last firing, if it is a text; otherwise empty.',
  },
];

const EVENT_VARIABLES: Variable[] = [
  { name: 'name', type: 'text', detail: 'text', info: 'The name of the event.' },
  { name: 'source', type: 'text', detail: 'text', info: 'The connection that reported the event.' },
  { name: 'metadata', type: 'text', detail: 'text', info: 'What the event tells besides: JSON as text, or empty.' },
  { name: 'durationNs', type: 'number', detail: 'nanoseconds', info: 'How long it took: 1 s is 1000000000.' },
  { name: 'tags', type: 'list', detail: 'list of texts', info: "Labels of the event: 'city' in tags." },
  { name: 'previousName', type: 'text', detail: 'text', info: `The name at the last firing. ${BEFORE_FIRST} empty.` },
  {
    name: 'previousSource',
    type: 'text',
    detail: 'text',
    info: `The connection at the last firing. ${BEFORE_FIRST} empty.`,
  },
  {
    name: 'previousMetadata',
    type: 'text',
    detail: 'text',
    info: `The metadata at the last firing. ${BEFORE_FIRST} empty.`,
  },
  {
    name: 'previousDurationNs',
    type: 'number',
    detail: 'nanoseconds',
    info: `The duration at the last firing. ${BEFORE_FIRST} 0.`,
  },
];

/** What a location has. */
export const LOCATION_FIELDS: readonly Variable[] = [
  { name: 'latitude', type: 'number', detail: 'degrees', info: 'North of the equator; south of it below 0.' },
  { name: 'longitude', type: 'number', detail: 'degrees', info: 'East of Greenwich; west of it below 0.' },
  { name: 'hdop', type: 'number', detail: 'number', info: 'How inexact it is: above 5 hardly usable, 0 if unknown.' },
  { name: 'heading', type: 'number', detail: 'degrees', info: 'Where the vehicle was heading: 0 is north, 90 east.' },
];

/** Every name that some condition may have: coloured alike, whatever the metric is. */
export const VARIABLE_NAMES: ReadonlySet<string> = new Set(
  [...EVENT_VARIABLES, ...TYPED_VALUES].map(({ name }) => name).concat('value', 'previousValue'),
);
