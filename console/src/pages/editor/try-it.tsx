import { useImperativeHandle, useState, type Ref } from 'react';
import { useChange } from '../../api/queries.js';
import type { Metric } from '../../condition/metric.js';
import { TrialResult } from '../../condition/trial-result.js';
import { Button } from '../../parts/button.js';
import { TextField } from '../../parts/field.js';
import { NumberField } from '../../parts/number-field.js';
import { SwitchField } from '../../parts/switch-field.js';
import { seconds } from '../../parts/format.js';
import { Card } from '../../parts/page.js';
import type { WebhookForm } from '../../webhook/use-webhook-form.js';
import { SampleFields } from './sample-fields.js';
import { beginTrial, trialRequest, type SampleDraft, type TrialDraft } from './trial.js';

/** Tries the condition as if the button had been pressed. */
export interface TryHandle {
  run(): void;
}

interface TryItProps {
  form: WebhookForm;
  metric: Metric | undefined;
  ref?: Ref<TryHandle>;
}

/** Would it fire? A sample of one's own, and what each clause of the condition says about it. Nothing is sent. */
export function TryIt({ form, metric, ref }: TryItProps) {
  if (metric === undefined) {
    return (
      <Card title="Try it">
        <p className="muted">Choose a metric, then you can try the condition on samples of it.</p>
      </Card>
    );
  }
  // Another metric is tried on other samples.
  return <Trial key={`${metric.service} ${metric.name}`} form={form} metric={metric} {...(ref && { ref })} />;
}

function Trial({ form, metric, ref }: TryItProps & { metric: Metric }) {
  const { draft } = form;
  const [trial, setTrial] = useState<TrialDraft>(() => beginTrial(metric, draft.condition));
  const request = trialRequest(metric, draft, trial);
  const attempt = useChange(async (api, body: typeof request) => {
    const { data } = await api.POST('/v1/conditions/evaluate', { body });
    return { data: data && { result: data, asked: JSON.stringify(body) } };
  });
  const run = () => draft.condition.trim() !== '' && attempt.mutate(request);
  useImperativeHandle(ref, () => ({ run }));
  const setSample = (sample: Partial<SampleDraft>) => setTrial({ ...trial, sample: { ...trial.sample, ...sample } });
  return (
    <Card title="Try it">
      <div className="form">
        <SampleFields metric={metric} sample={trial.sample} onChange={setSample} label="Sample" />
        <PreviousFields metric={metric} trial={trial} onChange={setTrial} coolDownPeriod={draft.coolDownPeriod} />
        <SurroundingFields trial={trial} onChange={setTrial} hasAge={!Number.isNaN(draft.maxSampleAgeSeconds)} />
        <div className="line">
          <Button kind="primary" icon="play" onPress={run} isPending={attempt.isPending}>
            Try the condition
          </Button>
          <span className="hint">
            <kbd>Ctrl</kbd> <kbd>Enter</kbd>
          </span>
        </div>
        <TrialResult
          error={attempt.error}
          result={attempt.data?.result}
          isOutdated={attempt.data !== undefined && attempt.data.asked !== JSON.stringify(request)}
        />
      </div>
    </Card>
  );
}

interface TrialFieldsProps {
  trial: TrialDraft;
  onChange: (trial: TrialDraft) => void;
}

function PreviousFields({
  metric,
  trial,
  onChange,
  coolDownPeriod,
}: TrialFieldsProps & { metric: Metric; coolDownPeriod: number }) {
  const setPrevious = (previous: Partial<SampleDraft>) =>
    onChange({ ...trial, previous: { ...trial.previous, ...previous } });
  return (
    <>
      <SwitchField
        label="It fired before"
        value={trial.hasFired}
        onChange={(hasFired) => onChange({ ...trial, hasFired })}
        hint="Otherwise previous values are 0 or empty, and nothing is cooling down."
      />
      {trial.hasFired && (
        <>
          <SampleFields metric={metric} sample={trial.previous} onChange={setPrevious} label="Sample that fired last" />
          <NumberField
            label="Time since then"
            unit="seconds"
            min={0}
            value={trial.secondsSinceLastFiring}
            onChange={(secondsSinceLastFiring) => onChange({ ...trial, secondsSinceLastFiring })}
            hint={`The cool-down is ${seconds(Number.isNaN(coolDownPeriod) ? 0 : coolDownPeriod)}.`}
          />
        </>
      )}
    </>
  );
}

function SurroundingFields({ trial, onChange, hasAge }: TrialFieldsProps & { hasAge: boolean }) {
  const { sample } = trial;
  return (
    <details className="more">
      <summary>Source and age of the sample</summary>
      <div className="form">
        <TextField
          label="Source"
          isMono
          value={sample.source}
          onChange={(source) => onChange({ ...trial, sample: { ...sample, source } })}
          placeholder="0xF264…1CD0"
        />
        <NumberField
          label="Age when it comes"
          unit="seconds"
          min={0}
          value={trial.sampleAgeSeconds}
          onChange={(sampleAgeSeconds) => onChange({ ...trial, sampleAgeSeconds })}
          {...(!hasAge && { hint: 'Counts only when the webhook has an oldest sample.' })}
        />
      </div>
    </details>
  );
}
