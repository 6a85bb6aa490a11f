import { ProblemNotice } from '../parts/notice.js';
import { HandshakeList } from './handshake-list.js';
import { failedStep } from './handshake-steps.js';

/** Why a target was not taken: the steps of its proof up to where it failed, or whatever else is wrong. */
export function TargetFault({ error }: { error: Error | null }) {
  if (error === null) return null;
  const step = failedStep(error);
  return (
    <>
      <ProblemNotice error={error} />
      {step && <HandshakeList how={{ kind: 'failed', step }} />}
    </>
  );
}
