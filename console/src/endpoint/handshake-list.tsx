import { Icon } from '../parts/icon.js';
import './handshake-list.css';
import { handshakeAdvice, handshakeSteps, type FailedStep, type HandshakeStep } from './handshake-steps.js';

type Handshake = Parameters<typeof handshakeSteps>[0];

interface HandshakeListProps {
  how: Handshake;
  /** What the API says about the step that failed. */
  detail?: string;
}

const MARKS = { done: 'check', failed: 'cross', open: 'minus' } as const;
const WORDS: Readonly<Record<HandshakeStep['state'], string>> = { done: 'done', failed: 'failed', open: 'not reached' };

/** The proof of a target step by step, to where it failed. */
export function HandshakeList({ how, detail }: HandshakeListProps) {
  return (
    <ol className="handshake" aria-label="Proof that the target is yours">
      {handshakeSteps(how).map(({ id, text, state }) => (
        <li key={id} className={`handshake-step ${state}`}>
          <Icon name={MARKS[state]} />
          <div>
            {text}
            <span className="hidden-text">: {how.kind === 'asking' ? 'waiting' : WORDS[state]}</span>
            {state === 'failed' && how.kind === 'failed' && <Failure step={how.step} detail={detail} />}
          </div>
        </li>
      ))}
    </ol>
  );
}

function Failure({ step, detail }: { step: FailedStep; detail: string | undefined }) {
  return (
    <>
      {detail !== undefined && <p>{detail}</p>}
      <p className="hint">{handshakeAdvice(step)}</p>
    </>
  );
}
