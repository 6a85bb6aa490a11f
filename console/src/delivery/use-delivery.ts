import { useData } from '../api/queries.js';
import type { DeliveryDetail } from '../api/resources.js';

/** While it is on its way. */
const REFRESH_MS = 2_000;

/** One delivery with its attempts, brought up to date for as long as it is pending. */
export function useDelivery(id: string) {
  return useData<DeliveryDetail>(
    ['deliveries', id],
    (api, signal) => api.GET('/v1/deliveries/{id}', { params: { path: { id } }, signal }),
    { refreshMs: (delivery) => (delivery?.status === 'pending' ? REFRESH_MS : undefined) },
  );
}
