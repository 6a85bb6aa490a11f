import type { Schema } from '@tripline/client';
import { useState } from 'react';
import type { FormEvent } from 'react';
import { useChange } from '../api/queries.js';
import type { Webhook, WebhookState } from '../api/resources.js';
import type { Metric, ValueKind } from '../condition/metric.js';
import { TrialResult } from '../condition/trial-result.js';
import { describePrevious } from '../condition/value-text.js';
import { Button } from '../parts/button.js';
import { TextField } from '../parts/field.js';
import { readSample, trialOf } from './expected-sample.js';

interface SampleTrialProps {
  webhook: Webhook;
  metric: Metric | undefined;
  state: WebhookState | undefined;
  vehicle: string | undefined;
}

const SAMPLES: Readonly<Record<ValueKind, { label: string; placeholder: string }>> = {
  number: { label: 'Sample that you expected', placeholder: '61' },
  text: { label: 'Sample that you expected', placeholder: '' },
  location: { label: 'Location that you expected', placeholder: '52.52, 13.405' },
  event: { label: 'Metadata of the event that you expected', placeholder: '{}' },
};

interface Asked {
  /** As it was typed. */
  text: string;
  body: Schema<'ConditionTrial'>;
}

/** Asks whether a sample would have fired, with what the webhook remembers of the vehicle. */
export function SampleTrial({ webhook, metric, state, vehicle }: SampleTrialProps) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  const trial = useChange((api, { body }: Asked) => api.POST('/v1/conditions/evaluate', { body }));
  const kind = metric?.kind ?? 'number';
  const { label, placeholder } = SAMPLES[kind];
  const unit = metric?.unit ? `, in ${metric.unit}` : '';
  const tryIt = (event: FormEvent) => {
    event.preventDefault();
    const read = readSample(kind, text);
    setProblem(read.kind === 'wrong' ? read.problem : undefined);
    if (read.kind === 'ok') trial.mutate({ text, body: trialOf(webhook, read.sample, state, Date.now()) });
  };
  return (
    <form className="sample-trial" onSubmit={tryIt} noValidate>
      <h3>Try the sample that you expected</h3>
      <p className="hint">
        Samples that were received are not stored, so nobody can look up which ones came.{' '}
        {describeMemory(state, vehicle, metric)}
      </p>
      <div className="sample-line">
        <TextField
          label={`${label}${unit}`}
          value={text}
          onChange={setText}
          problem={problem}
          placeholder={placeholder}
        />
        <Button type="submit" isPending={trial.isPending}>
          Try the sample
        </Button>
      </div>
      <TrialResult result={trial.data} error={trial.error} isOutdated={trial.variables?.text !== text} />
      {trial.data?.outcome === 'fired' && (
        <p className="hint">If it did not, such a sample did not come, or came before the vehicle was subscribed.</p>
      )}
      {trial.data?.warnings.map((warning) => (
        <p key={warning} className="hint">
          {warning}
        </p>
      ))}
    </form>
  );
}

function describeMemory(
  state: WebhookState | undefined,
  vehicle: string | undefined,
  metric: Metric | undefined,
): string {
  if (vehicle === undefined) return 'Without a vehicle it is tried as the first one.';
  if (state === undefined)
    return 'What is remembered of the vehicle could not be read, so it is tried as the first one.';
  if (state.lastFiredAt === null) return 'It has not fired for this vehicle, so there is no previous value.';
  return `It is tried with the value of the last firing, ${describePrevious(state.previousValue, metric?.unit)}.`;
}
