import { useData } from '../api/queries.js';
import { useOverview } from '../numbers/use-overview.js';
import { Notice } from '../parts/notice.js';
import { Card, Facts } from '../parts/page.js';
import { Ago, Moment, useNow } from '../parts/time.js';
import { useTripline } from '../session.js';
import { standingWords } from './rotation.js';

const ROTATIONS_SEEN = 100;

/** Which secrets of an endpoint are good now, as far as it is known. */
export function SecretStandingCard({
  endpointId,
  lastDeliveredAt,
}: {
  endpointId: string;
  lastDeliveredAt: string | null;
}) {
  const now = useNow();
  const rotatedAt = useLastRotation(endpointId);
  const overlapUntil = useOverlap(endpointId);
  const { isOverlapping, accepted } = standingWords({ rotatedAt, overlapUntil, lastDeliveredAt }, now);
  return (
    <Card title="Now">
      <div className="stack">
        {isOverlapping && (
          <Notice
            kind="info"
            title={
              <>
                Both secrets are valid until <Moment at={overlapUntil} />
              </>
            }
          >
            Each request carries a signature of the new and one of the old. Give the new one to your receiver before.
          </Notice>
        )}
        <Facts
          facts={[
            ['Signing', isOverlapping ? 'two secrets' : 'one secret'],
            ['Last rotated', rotatedAt === null ? 'not on record' : <Ago at={rotatedAt} />],
            ['Last delivered', <Ago key="delivered" at={lastDeliveredAt} />],
            ['Accepted by your receiver', accepted],
          ]}
        />
      </div>
    </Card>
  );
}

/** Until when the secret before signs as well; null when it does not. The overview is the one place that says so. */
function useOverlap(endpointId: string): string | null {
  const lines = useOverview().data?.attention ?? [];
  return lines.find((line) => line.kind === 'secret_overlap' && line.endpointId === endpointId)?.until ?? null;
}

/** When the secret was replaced last, as long as the event log has it and the sign-in may read it. */
function useLastRotation(endpointId: string): string | null {
  const { can } = useTripline();
  const query = { type: 'secret.rotated', limit: ROTATIONS_SEEN };
  const rotations = useData(['events', query], (api, signal) => api.GET('/v1/events', { params: { query }, signal }), {
    enabled: can('events:read'),
  });
  return rotations.data?.data.find((event) => event.endpointId === endpointId)?.time ?? null;
}
