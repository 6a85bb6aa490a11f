import { useState } from 'react';
import { TextField } from '../parts/field.js';
import { vehicleFor } from '../vehicle/did.js';
import type { VehicleReading } from '../vehicle/did.js';
import { useSeenVehicles } from './use-seen-vehicles.js';

interface VehicleFilterProps {
  /** Its DID; read once, so that whoever changes it makes the field anew. */
  value: string | undefined;
  onChange: (vehicle: string | undefined) => void;
}

/** One vehicle, by its DID, or by its token number where it is among those that were seen in a list. */
export function VehicleFilter({ value, onChange }: VehicleFilterProps) {
  const seenVehicles = useSeenVehicles();
  const [text, setText] = useState(value ?? '');
  const [problem, setProblem] = useState(() => problemIn(vehicleFor(value ?? '', [])));
  const apply = (): void => {
    const read = vehicleFor(text, seenVehicles());
    setProblem(problemIn(read));
    if (read.kind === 'ok' && read.vehicle !== value) onChange(read.vehicle);
  };
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <TextField
        label="Vehicle"
        type="search"
        placeholder="DID or number"
        value={text}
        problem={problem}
        onChange={setText}
        onBlur={apply}
      />
    </form>
  );
}

function problemIn(read: VehicleReading): string | undefined {
  return read.kind === 'wrong' ? read.problem : undefined;
}
