import { ProgressBar } from 'react-aria-components';
import { useQuery } from '@tanstack/react-query';
import { dataOf } from '@tripline/client';
import type { Operation } from '../../api/resources.js';
import { number } from '../../parts/format.js';
import { Loaded } from '../../parts/loaded.js';
import { useTripline } from '../../session.js';
import { readBulkAnswer } from '../vehicles/bulk-answer.js';
import { BulkOutcome } from './bulk-outcome.js';
import './operations.css';

const LOOK_AGAIN_MS = 1_000;

/** How far an operation is; asked for again until it is over. */
export function useOperation(id: string) {
  const { api, license } = useTripline();
  return useQuery<Operation>({
    queryKey: [license, 'operations', id],
    queryFn: async ({ signal }) => dataOf(api.GET('/v1/operations/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data?.completed || state.error ? false : LOOK_AGAIN_MS),
  });
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
