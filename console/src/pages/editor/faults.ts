import { failedStep } from '../../endpoint/handshake-steps.js';
import { fieldProblems } from '../../webhook/form-problems.js';
import type { WebhookForm } from '../../webhook/use-webhook-form.js';

/** Leads to the first field that is wrong, once it is drawn so. */
export function focusFirstFault(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>('form.editor [aria-invalid="true"]')?.focus());
}

/** Shows at the fields what an answer says of them. After a handshake the reader is left with its steps. */
export function showFaults(form: Pick<WebhookForm, 'setProblems'>, error: unknown): void {
  form.setProblems(fieldProblems(error));
  if (failedStep(error) === undefined) focusFirstFault();
}
