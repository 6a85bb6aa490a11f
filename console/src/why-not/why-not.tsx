import { useState } from 'react';
import { Button } from '../parts/button.js';
import type { ButtonKind } from '../parts/button.js';
import { Dialog } from '../parts/dialog.js';
import { Loaded } from '../parts/loaded.js';
import { tokenIdOf } from '../vehicle/did.js';
import { CheckList } from './check-list.js';
import { diagnose, summarise } from './diagnosis.js';
import { SampleTrial } from './sample-trial.js';
import { useWhyNotFacts } from './use-why-not-facts.js';
import { VehicleChoice } from './vehicle-choice.js';
import './why-not.css';

interface WhyNotProps {
  webhookId: string;
  /** Its DID; without it the webhook as a whole is looked at, and a vehicle can be chosen. */
  vehicle?: string;
  kind?: ButtonKind;
}

/** A button that opens the search for what kept a webhook from firing. */
export function WhyNot({ kind = 'plain', ...about }: WhyNotProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button kind={kind} icon="help" onPress={() => setOpen(true)}>
        Why did it not fire?
      </Button>
      {isOpen && <WhyNotDialog {...about} onClose={() => setOpen(false)} />}
    </>
  );
}

/** Goes through all that keeps a webhook from firing, line by line, and tries the sample that was expected. */
export function WhyNotDialog({ webhookId, vehicle, onClose }: Omit<WhyNotProps, 'kind'> & { onClose: () => void }) {
  const [chosen, setChosen] = useState(vehicle);
  const title = chosen === undefined ? 'Why did it not fire?' : `Why did it not fire for #${tokenIdOf(chosen)}?`;
  return (
    <Dialog title={title} isOpen onClose={onClose} isWide>
      {vehicle === undefined && <VehicleChoice webhookId={webhookId} chosen={chosen} onChoose={setChosen} />}
      <Diagnosis key={chosen} webhookId={webhookId} vehicle={chosen} onClose={onClose} />
    </Dialog>
  );
}

interface DiagnosisProps {
  webhookId: string;
  vehicle: string | undefined;
  onClose: () => void;
}

function Diagnosis({ webhookId, vehicle, onClose }: DiagnosisProps) {
  const { facts, metric, error, isReading, readAgain } = useWhyNotFacts(webhookId, vehicle);
  const known = isReading ? undefined : facts;
  return (
    <Loaded query={{ data: known, error, refetch: readAgain }} height={320}>
      {(facts) => {
        const checks = diagnose(facts);
        return (
          <>
            <p role="status">{summarise(checks)}</p>
            <CheckList checks={checks} webhookId={webhookId} vehicle={vehicle} onLeave={onClose} />
            <SampleTrial webhook={facts.webhook} metric={metric} state={facts.state} vehicle={vehicle} />
          </>
        );
      }}
    </Loaded>
  );
}
