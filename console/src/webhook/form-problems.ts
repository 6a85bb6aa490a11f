import { Problem } from '@tripline/client';
import { isOtherTarget } from './webhook-change.js';
import type { WebhookDraft } from './webhook-draft.js';

/** What is wrong at which field, as a sentence to show below it. */
export type FieldProblems = Partial<Record<keyof WebhookDraft, string>>;

/**
 * What is missing, as far as it can be said without asking: the rest the API judges. `before` is the webhook as it is,
 * undefined for a new one.
 */
export function missingFields(draft: WebhookDraft, before: WebhookDraft | undefined): FieldProblems {
  return {
    ...(draft.metricName === '' && { metricName: 'Choose what the webhook watches.' }),
    ...(draft.condition.trim() === '' && { condition: 'Write when it should fire.' }),
    ...(before === undefined || isOtherTarget(before, draft) ? missingTarget(draft) : {}),
  };
}

function missingTarget(draft: WebhookDraft): FieldProblems {
  if (draft.targetKind === 'shared') {
    return draft.endpointId === '' ? { endpointId: 'Choose the endpoint that it sends to.' } : {};
  }
  return {
    ...(draft.targetURL.trim() === '' && { targetURL: 'Write the address that it sends to.' }),
    ...(draft.verificationToken.trim() === '' && {
      verificationToken: 'Write the token that this address answers with: it proves that it is yours.',
    }),
  };
}

/** What an answer says about single fields. A mistake in the condition says where. */
export function fieldProblems(error: unknown): FieldProblems {
  if (!(error instanceof Problem)) return {};
  const { errors = [], line, column } = error.body;
  const problems: Record<string, string> = {};
  for (const { pointer, detail } of errors) {
    const field = fieldOf(pointer);
    if (field === undefined) continue;
    const place = field === 'condition' && line !== undefined ? `Line ${line}, column ${column}: ` : '';
    problems[field] = problems[field] === undefined ? place + detail : `${problems[field]} ${detail}`;
  }
  return problems;
}

/** The options that are folded away. */
const FURTHER: readonly (keyof WebhookDraft)[] = [
  'description',
  'status',
  'autoSubscribe',
  'maxSampleAgeSeconds',
  'profile',
  'headerPrefix',
  'headers',
  'contentType',
  'timeoutSeconds',
  'retry',
  'maxPerSecond',
  'asymmetric',
  'secret',
];

const FIELDS: ReadonlySet<string> = new Set<keyof WebhookDraft>([
  'metricName',
  'condition',
  'coolDownPeriod',
  'displayName',
  'targetURL',
  'verificationToken',
  'endpointId',
  ...FURTHER,
]);

/** The metric is one field here, and two in a request. */
function fieldOf(pointer: string): string | undefined {
  const name = /^#?\/?([A-Za-z]+)/.exec(pointer)?.[1];
  if (name === 'service') return 'metricName';
  return name !== undefined && FIELDS.has(name) ? name : undefined;
}

/** Whether something is wrong among the options that are folded away. */
export function concernsFurtherOptions(problems: FieldProblems): boolean {
  return FURTHER.some((field) => problems[field] !== undefined);
}
