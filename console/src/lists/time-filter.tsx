import { useState } from 'react';
import { SelectField } from '../parts/choice-fields.js';
import { TextField } from '../parts/field.js';
import { fieldOfTime, timeOfField } from '../parts/local-time.js';
import { SPANS } from './search-values.js';

const ALL = 'all';
const OWN = 'own';

interface TimeRange {
  since?: string | undefined;
  until?: string | undefined;
}

/** A range of time: one by name, or from and until. */
export function TimeFilter({ value, onChange }: { value: TimeRange; onChange: (range: TimeRange) => void }) {
  const named = SPANS.find(({ id }) => id === value.since && value.until === undefined)?.id;
  const isOwnRange = named === undefined && (value.since !== undefined || value.until !== undefined);
  const [isOwn, setOwn] = useState(isOwnRange);
  const choose = (id: string): void => {
    setOwn(id === OWN);
    if (id !== OWN) onChange({ since: id === ALL ? undefined : id, until: undefined });
  };
  return (
    <>
      <SelectField
        label="Time"
        options={[
          { id: ALL, text: 'Any time' },
          ...SPANS.map(({ id, text }) => ({ id, text })),
          { id: OWN, text: 'A range of my own' },
        ]}
        value={isOwn || isOwnRange ? OWN : (named ?? ALL)}
        onChange={choose}
      />
      {(isOwn || isOwnRange) && <OwnRange value={value} onChange={onChange} />}
    </>
  );
}

function OwnRange({ value, onChange }: { value: TimeRange; onChange: (range: TimeRange) => void }) {
  const since = SPANS.some(({ id }) => id === value.since) ? undefined : value.since;
  return (
    <>
      <TextField
        label="From"
        type="datetime-local"
        value={since ? fieldOfTime(since) : ''}
        onChange={(text) => onChange({ since: timeOfField(text), until: value.until })}
      />
      <TextField
        label="Until"
        type="datetime-local"
        value={value.until ? fieldOfTime(value.until) : ''}
        onChange={(text) => onChange({ since, until: timeOfField(text) })}
      />
    </>
  );
}
