import type { Schema } from '@tripline/client';
import { useState } from 'react';
import type { FormEvent } from 'react';
import { useChange } from '../../api/queries.js';
import type { Metric, Webhook, WebhookState } from '../../api/resources.js';
import { Button } from '../../parts/button.js';
import { TextField } from '../../parts/field.js';
import { Icon } from '../../parts/icon.js';
import type { IconName } from '../../parts/icon.js';
import { Notice, ProblemNotice } from '../../parts/notice.js';
import { describeOutcome, readSample, trialOf } from './trial.js';
import { describePrevious } from './value-text.js';

interface SampleTrialProps {
  webhook: Webhook;
  metric: Metric | undefined;
  state: WebhookState | undefined;
  vehicle: string | undefined;
}

const SAMPLES: Record<Metric['kind'], { label: string; placeholder: string }> = {
  number: { label: 'Sample that you expected', placeholder: '61' },
  text: { label: 'Sample that you expected', placeholder: '' },
  location: { label: 'Location that you expected', placeholder: '52.52, 13.405' },
  event: { label: 'Metadata of the event that you expected', placeholder: '{}' },
};

/** Asks whether a sample would have fired, with what the webhook remembers of the vehicle. */
export function SampleTrial({ webhook, metric, state, vehicle }: SampleTrialProps) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  const trial = useChange((api, body: Schema<'ConditionTrial'>) => api.POST('/v1/conditions/evaluate', { body }));
  const kind = metric?.kind ?? 'number';
  const { label, placeholder } = SAMPLES[kind];
  const unit = metric?.unit ? `, in ${metric.unit}` : '';
  const tryIt = (event: FormEvent) => {
    event.preventDefault();
    const read = readSample(kind, text);
    setProblem(read.kind === 'wrong' ? read.problem : undefined);
    if (read.kind === 'ok') trial.mutate(trialOf(webhook, read.sample, state, Date.now()));
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
      {trial.error && <ProblemNotice error={trial.error} />}
      <div role="status">{trial.data && !trial.isPending && <TrialResult result={trial.data} />}</div>
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

/** What would have become of the sample, and which clauses held. */
export function TrialResult({ result }: { result: Schema<'ConditionTrialResult'> }) {
  return (
    <Notice kind={result.outcome === 'fired' ? 'ok' : 'warn'} title={describeOutcome(result)}>
      <ul className="clauses">
        {result.parts.map((part) => (
          <Clause key={`${part.line}:${part.column}:${part.length}`} {...part} />
        ))}
      </ul>
      {result.warnings.map((warning) => (
        <p key={warning}>{warning}</p>
      ))}
    </Notice>
  );
}

function Clause({ text, value }: Pick<Schema<'ConditionTrialResult'>['parts'][number], 'text' | 'value'>) {
  const { icon, word } = signOf(value);
  return (
    <li>
      <Icon name={icon} />
      <code>{text}</code>
      <span>{word}</span>
    </li>
  );
}

function signOf(value: boolean | null): { icon: IconName; word: string } {
  if (value === null) return { icon: 'minus', word: 'not reached' };
  return value ? { icon: 'check', word: 'holds' } : { icon: 'cross', word: 'does not hold' };
}
