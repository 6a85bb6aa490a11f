import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { IconButton } from '../parts/button.js';
import { number } from '../parts/format.js';
import { Notice } from '../parts/notice.js';
import { Ago } from '../parts/time.js';
import { useTripline } from '../session.js';
import { lasting } from '../shelf.js';
import { READ_AGAIN_AFTER_SUBSCRIBING } from '../vehicle/use-vehicle.js';
import { useOperation } from './operation-progress.js';
import { forgetOperation, rememberedOperations } from './remembered-operations.js';
import type { RememberedOperation } from './remembered-operations.js';

/** The operations of a webhook that this browser has begun, with how far they are, until they are put away. */
export function BegunOperations({ webhookId }: { webhookId: string }) {
  const { license } = useTripline();
  const [, setPutAway] = useState(0);
  const begun = rememberedOperations(lasting, license, Date.now());
  const putAway = (id: string) => {
    forgetOperation(lasting, license, id, Date.now());
    setPutAway((count) => count + 1);
  };
  return begun
    .filter((operation) => operation.webhookId === webhookId)
    .map((operation) => (
      <BegunOperation key={operation.id} operation={operation} onPutAway={() => putAway(operation.id)} />
    ));
}

interface BegunOperationProps {
  operation: RememberedOperation;
  onPutAway: () => void;
}

function BegunOperation({ operation, onPutAway }: BegunOperationProps) {
  const { id, webhookId, what, startedMs } = operation;
  const { data } = useOperation(id);
  const isOver = data?.completed === true;
  useReadAgainOnce(isOver);
  const soFar = data && (data.total === null ? number(data.done) : `${number(data.done)} of ${number(data.total)}`);
  return (
    <Notice
      kind="info"
      title={isOver ? `${what}: done` : what}
      actions={
        <>
          <Link className="button plain" to="/operations/$id" params={{ id }} search={{ webhook: webhookId }}>
            {isOver ? 'Show the result' : 'Show its progress'}
          </Link>
          <IconButton icon="cross" label="Put away" onPress={onPutAway} />
        </>
      }
    >
      Begun <Ago at={new Date(startedMs).toISOString()} />
      {!isOver && soFar !== undefined && `, ${soFar} vehicles are through`}.
    </Notice>
  );
}

/** The vehicles that stand below are others once it is over. */
function useReadAgainOnce(isOver: boolean): void {
  const client = useQueryClient();
  const { license } = useTripline();
  useEffect(() => {
    if (!isOver) return;
    for (const key of READ_AGAIN_AFTER_SUBSCRIBING) void client.invalidateQueries({ queryKey: [license, ...key] });
  }, [isOver, client, license]);
}
