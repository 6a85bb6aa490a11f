import { lazy, Suspense, useId, useState, type Ref } from 'react';
import { Icon } from '../parts/icon.js';
import type { CheckState } from './condition-check.js';
import type { ConditionCodeProps, ConditionHandle } from './condition-code.js';
import './condition.css';

export type { ConditionHandle } from './condition-code.js';

const ConditionCode = lazy(async () => ({ default: (await import('./condition-code.js')).ConditionCode }));

interface ConditionFieldProps extends Pick<ConditionCodeProps, 'metric' | 'value' | 'onChange' | 'check' | 'onTry'> {
  /** What the API said when the form was sent. */
  problem?: string | undefined;
  ref?: Ref<ConditionHandle>;
}

/** A condition: its text, and below what is wrong with it or how it reads. The text is the truth; nothing rewrites it. */
export function ConditionField({ problem, ref, ...code }: ConditionFieldProps) {
  const labelId = useId();
  const descriptionId = useId();
  const [state, setState] = useState<CheckState>({ kind: 'empty' });
  const isWrong = state.kind === 'checked' && !state.check.valid;
  return (
    <div className="field">
      <span className="label" id={labelId}>
        Condition
      </span>
      <Suspense fallback={<div className="condition-code waiting" />}>
        <ConditionCode
          {...code}
          {...(ref && { ref })}
          labelId={labelId}
          descriptionId={descriptionId}
          isInvalid={isWrong || problem !== undefined}
          onCheck={setState}
        />
      </Suspense>
      <div id={descriptionId} className="condition-answer" aria-live="polite">
        <Answer state={state} problem={problem} />
      </div>
    </div>
  );
}

function Answer({ state, problem }: { state: CheckState; problem: string | undefined }) {
  switch (state.kind) {
    case 'empty':
      return problem === undefined ? <Help /> : <Fault text={problem} />;
    case 'checking':
      return <p className="hint">Checking</p>;
    case 'unknown':
      return <p className="hint">{state.reason}</p>;
    case 'checked': {
      const { error, reading, warnings } = state.check;
      if (error) return <Fault text={`Line ${error.line}, column ${error.column}: ${error.message}`} />;
      return (
        <>
          {problem !== undefined && <Fault text={problem} />}
          {reading !== undefined && (
            <p className="reading">
              <Icon name="check" />
              <span>{reading}</span>
            </p>
          )}
          {warnings.map((warning) => (
            <p key={warning} className="warning">
              <Icon name="alert" />
              <span>{warning}</span>
            </p>
          ))}
        </>
      );
    }
  }
}

function Help() {
  return (
    <p className="hint">
      Write when it should fire, such as <code>value &gt; 55</code>. <kbd>Ctrl</kbd> <kbd>Space</kbd> shows what can be
      used, <kbd>Ctrl</kbd> <kbd>Enter</kbd> tries it.
    </p>
  );
}

function Fault({ text }: { text: string }) {
  return (
    <p className="fault">
      <Icon name="alert" />
      <span>{text}</span>
    </p>
  );
}
