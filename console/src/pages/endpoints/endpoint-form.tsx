import { Problem } from '@tripline/client';
import { TextField } from '../../parts/field.js';
import { concernsFurtherOptions, fieldProblems } from '../../webhook/form-problems.js';
import { DeliveryOptions } from '../../webhook/option-fields.js';
import type { EndpointDraft } from './endpoint-draft.js';

interface FormProps {
  draft: EndpointDraft;
  onChange: (draft: EndpointDraft) => void;
  isNew: boolean;
  /** The target has to prove itself: a new one, or another URL. */
  needsToken: boolean;
  /** What the last answer said is wrong. */
  error: Error | null;
}

/** Everything that can be said of a shared endpoint. */
export function EndpointForm(props: FormProps) {
  const { draft, onChange, needsToken, error } = props;
  const set = (change: Partial<EndpointDraft>) => onChange({ ...draft, ...change });
  const problems = fieldProblems(error);
  return (
    <div className="form">
      <TextField
        label="Target URL"
        type="url"
        value={draft.targetURL}
        onChange={(targetURL) => set({ targetURL })}
        problem={problemAt(error, 'url')}
        placeholder="https://fleet.example.com/tripline"
        isMono
      />
      {needsToken && (
        <TextField
          label="Verification token"
          hint="Your target is asked once, and has to answer with this. It is not stored."
          value={draft.verificationToken}
          onChange={(verificationToken) => set({ verificationToken })}
          problem={problems.verificationToken}
          isMono
          autoComplete="off"
        />
      )}
      <TextField
        label="Name"
        hint="For your own reference."
        value={draft.description}
        onChange={(description) => set({ description })}
        problem={problems.description}
      />
      <TextField
        label="Listens to"
        hint="Events besides what its webhooks fire, one a line: webhook.*, delivery.failed, trigger.fired:telemetry.signals/speed, or * for all."
        lines={3}
        value={draft.enabledEvents}
        onChange={(enabledEvents) => set({ enabledEvents })}
        problem={problemAt(error, 'enabledEvents')}
        isMono
      />
      <details className="more" {...(concernsFurtherOptions(problems) && { open: true })}>
        <summary>Headers, retries, signatures</summary>
        <Further {...props} />
      </details>
    </div>
  );
}

/** The options of a webhook with a target of its own are an endpoint's options. A secret is changed by rotating it. */
function Further({ draft, onChange, isNew, error }: FormProps) {
  const form = {
    draft,
    problems: fieldProblems(error),
    change: (changed: Partial<EndpointDraft>) => onChange({ ...draft, ...changed }),
    setProblems: () => undefined,
  };
  return (
    <div className="form">
      <DeliveryOptions form={form} isNew={isNew} />
    </div>
  );
}

/** What an answer says of a field that webhooks do not have. */
function problemAt(error: Error | null, field: 'url' | 'enabledEvents'): string | undefined {
  const faults = error instanceof Problem ? (error.body.errors ?? []) : [];
  const own = faults.filter(({ pointer }) => new RegExp(`^#?/?${field}(/|$)`).test(pointer));
  return own.length === 0 ? undefined : own.map(({ detail }) => detail).join(' ');
}
