import { useQueryClient } from '@tanstack/react-query';
import { useTripline } from '../../session.js';

interface Seen {
  vehicle?: string | null;
}

/** The vehicles of the lists that were read under a key, so that a token number is enough to name one. */
export function useSeenVehicles(key: 'deliveries' | 'events'): () => string[] {
  const { license } = useTripline();
  const client = useQueryClient();
  return () => {
    const read = client.getQueriesData<{ data?: unknown }>({ queryKey: [license, key] });
    // Under the same key stand single ones, which have another form.
    const rows = read.flatMap(([, page]) => (Array.isArray(page?.data) ? (page.data as Seen[]) : []));
    return rows.flatMap(({ vehicle }) => (vehicle ? [vehicle] : []));
  };
}
