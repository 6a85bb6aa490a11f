import { allowedValues } from '../../condition/allowed-values.js';
import type { Metric } from '../../condition/metric.js';
import { SelectField } from '../../parts/choice-fields.js';
import { TextField } from '../../parts/field.js';
import { NumberField } from '../../parts/number-field.js';
import { measured } from '../../parts/format.js';
import type { SampleDraft } from './trial.js';

interface SampleFieldsProps {
  metric: Metric;
  sample: SampleDraft;
  onChange: (changed: Partial<SampleDraft>) => void;
  /** What the value is: "Sample", "Value that fired last". */
  label: string;
}

/** What a sample of a metric can say, as fields. */
export function SampleFields(props: SampleFieldsProps) {
  const { metric, sample, onChange, label } = props;
  switch (metric.kind) {
    case 'number':
      return (
        <NumberField
          label={label}
          {...(metric.unit !== '' && { unit: metric.unit })}
          value={sample.number}
          onChange={(number) => onChange({ number })}
        />
      );
    case 'text':
      return <TextValue {...props} />;
    case 'location':
      return (
        <fieldset className="stack">
          <legend className="label">{label}</legend>
          <div className="pair">
            <NumberField
              label="Latitude"
              min={-90}
              max={90}
              value={sample.latitude}
              onChange={(latitude) => onChange({ latitude })}
            />
            <NumberField
              label="Longitude"
              min={-180}
              max={180}
              value={sample.longitude}
              onChange={(longitude) => onChange({ longitude })}
            />
          </div>
        </fieldset>
      );
    case 'event':
      return <EventValues {...props} />;
  }
}

function TextValue({ metric, sample, onChange, label }: SampleFieldsProps) {
  const values = allowedValues(metric);
  if (values.length === 0) {
    return <TextField label={label} value={sample.text} onChange={(text) => onChange({ text })} />;
  }
  // What the condition compares with may be none of them; it is offered as well.
  const all = values.includes(sample.text) || sample.text === '' ? values : [sample.text, ...values];
  return (
    <SelectField
      label={label}
      options={all.map((value) => ({ id: value, text: value }))}
      value={sample.text === '' ? null : sample.text}
      onChange={(text) => onChange({ text })}
    />
  );
}

function EventValues({ sample, onChange, label }: SampleFieldsProps) {
  return (
    <fieldset className="stack">
      <legend className="label">{label}</legend>
      <TextField
        label="Duration, nanoseconds"
        value={sample.durationNs}
        onChange={(durationNs) => onChange({ durationNs })}
        hint={durationHint(sample.durationNs)}
      />
      <TextField
        label="Metadata"
        isMono
        value={sample.metadata}
        onChange={(metadata) => onChange({ metadata })}
        placeholder={'{"counterValue":3}'}
      />
      <TextField label="Tags" value={sample.tags} onChange={(tags) => onChange({ tags })} hint="Separated by commas." />
    </fieldset>
  );
}

function durationHint(durationNs: string): string {
  const seconds = Number(durationNs) / 1e9;
  return seconds > 0 ? `${measured(seconds)} s` : '1000000000 is one second.';
}
