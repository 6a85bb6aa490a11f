import { useData } from '../../api/queries.js';
import type { EventType } from './event-types.js';

/** The types of the event log; none until they were read. */
export function useEventTypes(): readonly EventType[] {
  return useData(['event-types'], (api, signal) => api.GET('/v1/event-types', { signal })).data?.data ?? [];
}
