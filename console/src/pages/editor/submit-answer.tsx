import { HandshakeList } from '../../endpoint/handshake-list.js';
import { failedStep } from '../../endpoint/handshake-steps.js';
import { ProblemNotice, Notice } from '../../parts/notice.js';

interface SubmitAnswerProps {
  /** Whether the target is being asked right now. */
  isAsking: boolean;
  error: Error | null;
}

/** How sending the form goes: the handshake step by step where there is one, or what is wrong. */
export function SubmitAnswer({ isAsking, error }: SubmitAnswerProps) {
  if (isAsking) {
    return (
      <Notice kind="info" title="The target is asked to prove that it is yours.">
        <HandshakeList how={{ kind: 'asking' }} />
      </Notice>
    );
  }
  if (!error) return null;
  const step = failedStep(error);
  if (step === undefined) return <ProblemNotice error={error} />;
  return (
    <Notice kind="bad" isSpoken title="The target did not prove that it is yours, so nothing was saved.">
      <HandshakeList how={{ kind: 'failed', step }} detail={error.message} />
    </Notice>
  );
}
