import { useState } from 'react';
import type { FormEvent } from 'react';
import { useData } from '../api/queries.js';
import { Button } from '../parts/button.js';
import { TextField } from '../parts/field.js';
import { guessVehicles } from '../vehicle/did.js';

interface VehicleChoiceProps {
  webhookId: string;
  chosen: string | undefined;
  onChoose: (did: string | undefined) => void;
}

/** Enough to know the contracts of a fleet. */
const SEEN_MAX = 100;

/** Narrows a question about a webhook to one vehicle, by its token id or its DID. */
export function VehicleChoice({ webhookId, chosen, onChoose }: VehicleChoiceProps) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  const seen = useData<string[]>(['webhooks', webhookId, 'vehicles', 'some'], (api, signal) =>
    api.GET('/v1/webhooks/{id}', { params: { path: { id: webhookId }, query: { limit: SEEN_MAX } }, signal }),
  );
  const choose = (event: FormEvent) => {
    event.preventDefault();
    const [did] = guessVehicles(seen.data ?? [], text);
    setProblem(did === undefined ? 'Type a token id, or a whole DID.' : undefined);
    if (did !== undefined) onChoose(did);
  };
  const clear = () => {
    setText('');
    onChoose(undefined);
  };
  return (
    <form className="sample-line" onSubmit={choose} noValidate>
      <TextField
        label="Vehicle that you have in mind"
        hint="Token id or DID"
        value={text}
        onChange={setText}
        problem={problem}
      />
      <Button type="submit">Check this vehicle</Button>
      {chosen !== undefined && <Button onPress={clear}>Check all vehicles</Button>}
    </form>
  );
}
