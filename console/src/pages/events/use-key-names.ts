import { useData } from '../../api/queries.js';
import { useTripline } from '../../session.js';

/** The names of API keys by id; empty for a key that may not see keys. */
export function useKeyNames(): ReadonlyMap<string, string> {
  const { can } = useTripline();
  const keys = useData(
    ['keys', 'names'],
    (api, signal) => api.GET('/v1/api-keys', { params: { query: { limit: 500 } }, signal }),
    { enabled: can('api-keys:manage') },
  );
  return new Map(keys.data?.data.map(({ id, name }) => [id, name]));
}
