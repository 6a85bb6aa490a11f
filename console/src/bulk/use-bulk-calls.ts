import { useState } from 'react';
import { useChange } from '../api/queries.js';
import { plural } from '../parts/format.js';
import { useTripline } from '../session.js';
import { lasting } from '../shelf.js';
import { READ_AGAIN_AFTER_SUBSCRIBING } from '../vehicle/use-vehicle.js';
import { readBulkAnswer } from './bulk-answer.js';
import type { BulkResult } from './bulk-answer.js';
import { rememberOperation } from './remembered-operations.js';
import { cutIntoCalls } from './vehicle-list.js';

/** Keeps what goes on after its answer, so that it is found again. */
function useRemember(webhookId: string) {
  const { license } = useTripline();
  return (result: BulkResult, what: string): BulkResult => {
    if (result.kind === 'continues') {
      const operation = { id: result.operationId, webhookId, what, startedMs: Date.now() };
      rememberOperation(lasting, license, operation);
    }
    return result;
  };
}

/**
 * Subscribes a list, in as many calls as it takes, one after the other. Each has a key of its own, so that what is sent
 * again after a break is done once. What was answered before one fails is kept in `done`.
 */
export function useSubscribeList(webhookId: string) {
  const [done, setDone] = useState<readonly BulkResult[]>([]);
  const remember = useRemember(webhookId);
  const change = useChange(
    async (api, dids: readonly string[], header) => {
      const results: BulkResult[] = [];
      setDone([]);
      for (const [at, assetDIDs] of cutIntoCalls(dids).entries()) {
        const key = `${header['Idempotency-Key']}-${at}`;
        const { data } = await api.POST('/v1/webhooks/{id}/subscribe/list', {
          params: { path: { id: webhookId }, header: { 'Idempotency-Key': key } },
          body: { assetDIDs },
        });
        if (data === undefined) continue;
        results.push(remember(readBulkAnswer(data), `Subscribing ${plural(assetDIDs.length, 'vehicle')}`));
        setDone([...results]);
      }
      return { data: results };
    },
    { refreshes: READ_AGAIN_AFTER_SUBSCRIBING },
  );
  return { ...change, done };
}

/** Subscribes all vehicles that are shared with the license. */
export function useSubscribeShared(webhookId: string, onDone?: (result: BulkResult) => void | Promise<void>) {
  const remember = useRemember(webhookId);
  return useChange(
    async (api, _: void, header) => {
      const { data } = await api.POST('/v1/webhooks/{id}/subscribe/all', {
        params: { path: { id: webhookId }, header },
      });
      return { data: data && remember(readBulkAnswer(data), 'Subscribing all shared vehicles') };
    },
    { refreshes: READ_AGAIN_AFTER_SUBSCRIBING, ...(onDone && { onDone }) },
  );
}

/** Unsubscribes some vehicles, or all of them. */
export function useUnsubscribe(webhookId: string, onDone: (result: BulkResult) => void | Promise<void>) {
  const remember = useRemember(webhookId);
  return useChange(
    async (api, vehicles: readonly string[] | 'all') => {
      const params = { path: { id: webhookId } };
      const { data } =
        vehicles === 'all'
          ? await api.DELETE('/v1/webhooks/{id}/unsubscribe/all', { params })
          : await api.DELETE('/v1/webhooks/{id}/unsubscribe/list', { params, body: { assetDIDs: [...vehicles] } });
      const what = vehicles === 'all' ? 'all vehicles' : plural(vehicles.length, 'vehicle');
      return { data: data && remember(readBulkAnswer(data), `Unsubscribing ${what}`) };
    },
    { refreshes: READ_AGAIN_AFTER_SUBSCRIBING, onDone },
  );
}
