import { useQueryClient } from '@tanstack/react-query';
import { useTripline } from '../session.js';

interface Seen {
  vehicle?: string | null;
}

/** The vehicles of the deliveries and events that were read so far, so that a token number is enough to name one. */
export function useSeenVehicles(): () => string[] {
  const { license } = useTripline();
  const client = useQueryClient();
  return () => {
    const read = ['deliveries', 'events'].flatMap((key) =>
      client.getQueriesData<{ data?: unknown }>({ queryKey: [license, key] }),
    );
    // Under the same keys stand single ones, which have another form.
    const rows = read.flatMap(([, page]) => (Array.isArray(page?.data) ? (page.data as Seen[]) : []));
    return rows.flatMap(({ vehicle }) => (vehicle ? [vehicle] : []));
  };
}
