import { useState } from 'react';
import type { FormEvent } from 'react';
import type { Webhook } from '../../api/resources.js';
import { Button } from '../../parts/button.js';
import { TextField } from '../../parts/field.js';
import { ProblemNotice } from '../../parts/notice.js';
import { useTripline } from '../../session.js';
import { readDid, tokenIdOf } from '../../vehicle/did.js';
import { useSubscribe } from '../../vehicle/subscribe-one.js';
import { useVehicles } from './use-vehicles.js';

/** Subscribes one vehicle, by its DID. On an embedded demo its vehicles are suggested. */
export function SubscribeVehicle({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  const subscribe = useSubscribe(webhook.id);
  const send = (did: string) => void subscribe.mutateAsync(did).then(onClose, () => undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = readDid(text.trim());
    setProblem(read.kind === 'wrong' ? `That is not a DID: ${read.reason}.` : undefined);
    if (read.kind === 'ok') send(read.did);
  };
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <TextField
        label="DID of the vehicle"
        hint="did:erc721:, the chain id, the contract and the token id"
        value={text}
        onChange={setText}
        problem={problem}
        isMono
      />
      <Suggestions webhook={webhook} onChoose={send} />
      {subscribe.error && <ProblemNotice error={subscribe.error} />}
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" isPending={subscribe.isPending}>
          Subscribe vehicle
        </Button>
      </div>
    </form>
  );
}

function Suggestions({ webhook, onChoose }: { webhook: Webhook; onChoose: (did: string) => void }) {
  const { demo } = useTripline();
  const subscribed = useVehicles(webhook.id).rows;
  const free = (demo?.vehicles ?? []).filter((did) => !subscribed.includes(did));
  if (free.length === 0) return null;
  return (
    <div className="field" role="group" aria-label="Vehicles of the demo">
      <span className="label">Or one of the demo</span>
      <div className="line">
        {free.map((did) => (
          <Button key={did} onPress={() => onChoose(did)} aria-label={`Subscribe vehicle ${tokenIdOf(did)}`}>
            #{tokenIdOf(did)}
          </Button>
        ))}
      </div>
    </div>
  );
}
