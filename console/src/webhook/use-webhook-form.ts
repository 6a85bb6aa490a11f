import { useState } from 'react';
import type { FieldProblems } from './form-problems.js';
import type { WebhookDraft } from './webhook-draft.js';

/** A form as its fields see it: what stands in it, what is wrong, and how to change it. */
export interface WebhookForm {
  draft: WebhookDraft;
  problems: FieldProblems;
  change: (changed: Partial<WebhookDraft>) => void;
  setProblems: (problems: FieldProblems) => void;
}

/** The state of a form. What is wrong with a field is forgotten when the field is changed. */
export function useWebhookForm(begun: WebhookDraft): WebhookForm {
  const [draft, setDraft] = useState(begun);
  const [problems, setProblems] = useState<FieldProblems>({});
  return {
    draft,
    problems,
    setProblems,
    change(changed) {
      setDraft((now) => ({ ...now, ...changed }));
      setProblems((now) => withoutFields(now, Object.keys(changed)));
    },
  };
}

function withoutFields(problems: FieldProblems, fields: readonly string[]): FieldProblems {
  return Object.fromEntries(Object.entries(problems).filter(([field]) => !fields.includes(field)));
}
