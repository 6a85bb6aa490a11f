import { useRef, useState, type FormEvent, type KeyboardEvent, type ReactNode, type RefObject } from 'react';
import type { Metric } from '../../condition/metric.js';
import { CheckField, TextField } from '../../parts/field.js';
import { NumberField } from '../../parts/number-field.js';
import { seconds } from '../../parts/format.js';
import { Card } from '../../parts/page.js';
import { concernsFurtherOptions } from '../../webhook/form-problems.js';
import { DeliveryOptions, RuleOptions } from '../../webhook/option-fields.js';
import type { WebhookForm } from '../../webhook/use-webhook-form.js';
import type { WebhookDraft } from '../../webhook/webhook-draft.js';
import { ConditionSection } from './condition-section.js';
import './editor.css';
import { chosenMetric, MetricField } from './metric-field.js';
import { TargetFields } from './target-fields.js';
import { TryIt, type TryHandle } from './try-it.js';

interface WebhookFormProps {
  form: WebhookForm;
  metrics: readonly Metric[];
  /** The webhook as it is; undefined for a new one. */
  before: WebhookDraft | undefined;
  onSubmit: () => void;
  /** The buttons, and how sending went. */
  children: ReactNode;
}

/** Everything about a webhook on one page, with a place beside it to try the condition: below it where it is narrow. */
export function WebhookFields({ form, metrics, before, onSubmit, children }: WebhookFormProps) {
  const trial = useRef<TryHandle>(null);
  const metric = chosenMetric(metrics, form.draft);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    // What is wrong is said below the fields, not by the browser: the answer to another attempt may be another.
    <form className="editor" noValidate onSubmit={submit} onKeyDownCapture={(event) => tryOnKey(event, trial)}>
      <div className="editor-rule">
        <Card title="When it fires">
          <div className="form">
            <MetricField form={form} metrics={metrics} />
            <ConditionSection form={form} metric={metric} onTry={() => trial.current?.run()} />
            <CoolDownField form={form} />
          </div>
        </Card>
      </div>
      <div className="editor-trial">
        <TryIt ref={trial} form={form} metric={metric} />
      </div>
      <div className="editor-rest">
        <Card title="Where it sends to">
          <div className="form">
            <TargetFields form={form} before={before} />
          </div>
        </Card>
        <Card title="Name">
          <div className="form">
            <NameField form={form} />
            <FurtherOptions form={form} isNew={before === undefined} />
          </div>
        </Card>
        {children}
      </div>
    </form>
  );
}

/** Ctrl and Enter try from every field. Caught on the way down: fields keep keys for themselves. */
function tryOnKey(event: KeyboardEvent, trial: RefObject<TryHandle | null>): void {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  // The condition has the key bound itself: it would begin a line there.
  if ((event.target as Element).closest('.cm-editor')) return;
  event.preventDefault();
  trial.current?.run();
}

function CoolDownField({ form }: { form: WebhookForm }) {
  const { draft, change, problems } = form;
  const { coolDownPeriod } = draft;
  const isNone = Number.isNaN(coolDownPeriod) || coolDownPeriod === 0;
  return (
    <NumberField
      label="Cool-down"
      unit="seconds"
      min={0}
      max={2_147_483_647}
      value={coolDownPeriod}
      onChange={(changed) => change({ coolDownPeriod: changed })}
      hint={
        isNone
          ? 'None: it fires for each sample for which the condition holds.'
          : `After a firing it rests ${seconds(coolDownPeriod)}, for each vehicle on its own.`
      }
      problem={problems.coolDownPeriod}
    />
  );
}

function NameField({ form }: { form: WebhookForm }) {
  return (
    <TextField
      label="Display name"
      value={form.draft.displayName}
      onChange={(displayName) => form.change({ displayName })}
      hint="No two webhooks have the same. Empty: its id."
      problem={form.problems.displayName}
    />
  );
}

function FurtherOptions({ form, isNew }: { form: WebhookForm; isNew: boolean }) {
  const [isOpen, setOpen] = useState(false);
  const { draft, change, problems } = form;
  return (
    <details
      className="more"
      open={isOpen || concernsFurtherOptions(problems)}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>Further options</summary>
      <div className="form">
        {isNew && (
          <CheckField
            label="Begin disabled"
            value={draft.status === 'disabled'}
            onChange={(isDisabled) => change({ status: isDisabled ? 'disabled' : 'enabled' })}
            hint="It is kept, and fires when you enable it."
          />
        )}
        <RuleOptions form={form} />
        {draft.targetKind === 'own' && <DeliveryOptions form={form} isNew={isNew} />}
      </div>
    </details>
  );
}
