import { useState } from 'react';
import { useData } from '../../api/queries.js';
import type { DeliveryDetail } from '../../api/resources.js';

/** While it is on its way. */
const REFRESH_MS = 2_000;

/** One delivery with its attempts, brought up to date for as long as it is pending. */
export function useDelivery(id: string) {
  const [isPending, setPending] = useState(true);
  const query = useData<DeliveryDetail>(
    ['deliveries', id],
    (api, signal) => api.GET('/v1/deliveries/{id}', { params: { path: { id } }, signal }),
    isPending ? { refreshMs: REFRESH_MS } : {},
  );
  const isNow = query.data ? query.data.status === 'pending' : !query.error;
  if (isNow !== isPending) setPending(isNow);
  return query;
}
