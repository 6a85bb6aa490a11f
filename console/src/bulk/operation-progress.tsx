import { ProgressBar } from 'react-aria-components';
import { useData } from '../api/queries.js';
import type { Operation } from '../api/resources.js';
import { number } from '../parts/format.js';
import { Loaded } from '../parts/loaded.js';
import { readBulkAnswer } from './bulk-answer.js';
import { BulkOutcome } from './bulk-outcome.js';
import './bulk.css';

const LOOK_AGAIN_MS = 1_000;

/** How far an operation is; asked for again until it is over. */
export function useOperation(id: string) {
  return useData<Operation>(
    ['operations', id],
    (api, signal) => api.GET('/v1/operations/{id}', { params: { path: { id } }, signal }),
    { refreshMs: (operation) => (operation?.completed ? undefined : LOOK_AGAIN_MS) },
  );
}

/** Shows how far an operation is until it is over, then what came of it. */
export function OperationProgress({ id }: { id: string }) {
  const operation = useOperation(id);
  return (
    <Loaded query={operation} height={120}>
      {(operation) => (operation.completed ? <Result operation={operation} /> : <Progress operation={operation} />)}
    </Loaded>
  );
}

function Result({ operation: { result } }: { operation: Operation }) {
  if (result === undefined) return <p>It is over.</p>;
  return <BulkOutcome result={readBulkAnswer(result)} />;
}

function Progress({ operation: { done, total } }: { operation: Operation }) {
  const text = total === null ? 'The list of vehicles is being made.' : `${number(done)} of ${number(total)} vehicles`;
  return (
    <ProgressBar
      className="progress"
      aria-label="Vehicles that are through"
      value={done}
      maxValue={Math.max(total ?? 1, 1)}
      isIndeterminate={total === null}
      valueLabel={text}
    >
      {({ percentage }) => (
        <>
          <span className="numbers">{text}</span>
          <span className="progress-track">
            <span className="progress-done" style={{ width: `${percentage ?? 0}%` }} />
          </span>
        </>
      )}
    </ProgressBar>
  );
}
