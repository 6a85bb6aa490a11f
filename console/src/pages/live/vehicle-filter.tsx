import { useState } from 'react';
import type { FormEvent } from 'react';
import { TextField } from '../../parts/field.js';
import { readDid } from '../vehicles/did.js';

interface VehicleFilterProps {
  vehicle: string;
  onChange: (did: string) => void;
}

/** A vehicle by its whole DID; it counts once it is left, or on Enter. */
export function VehicleFilter({ vehicle, onChange }: VehicleFilterProps) {
  const [text, setText] = useState(vehicle);
  const [problem, setProblem] = useState(problemOf(vehicle));
  const apply = () => {
    const found = problemOf(text.trim());
    setProblem(found);
    if (found === undefined && text.trim() !== vehicle) onChange(text.trim());
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    apply();
  };
  return (
    <form onSubmit={submit} noValidate>
      <TextField
        label="Vehicle"
        placeholder="All vehicles"
        value={text}
        onChange={setText}
        onBlur={apply}
        problem={problem}
      />
    </form>
  );
}

function problemOf(text: string): string | undefined {
  if (text === '') return undefined;
  const read = readDid(text);
  return read.kind === 'wrong' ? `That is not a DID: ${read.reason}.` : undefined;
}
