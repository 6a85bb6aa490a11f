import { useState } from 'react';
import { useData } from '../api/queries.js';
import type { Subject } from '../api/resources.js';
import { deliveries } from '../parts/format.js';
import { Notice } from '../parts/notice.js';
import { postRecovery } from './recovery-request.js';
import type { RecoveredStatus } from './recovery-request.js';
import { recoveryProgress, recoveryResult } from './recovery.js';
import type { RecoveryRange } from './recovery.js';

const REFRESH_MS = 2_000;
/** The most that one page of the list has. */
const WAITING_MAX = 500;

interface RecoveryUnderWayProps {
  of: Subject;
  range: RecoveryRange;
  statuses: readonly RecoveredStatus[];
  queued: number;
}

/** What became of a recovery: how many were queued, and how many of them still wait. */
export function RecoveryUnderWay({ of, range, statuses, queued }: RecoveryUnderWayProps) {
  const about = of.kind === 'webhook' ? { webhookId: of.id } : { endpointId: of.id };
  const query = { ...about, ...range, status: 'pending', limit: WAITING_MAX };
  const waiting = useData(
    ['deliveries', { ...query, isOfRecovery: true }],
    (api, signal) => api.GET('/v1/deliveries', { params: { query }, signal }),
    { refreshMs: REFRESH_MS },
  );
  const page = waiting.data;
  const [most, setMost] = useState(queued);
  if (page && page.data.length > most) setMost(page.data.length);
  const progress = page && recoveryProgress(most, { count: page.data.length, isMore: page.next !== null });
  const isDone = progress?.isDone ?? false;
  const left = useData(
    ['recoverable', of, statuses, { ...range, isAfter: true }],
    (api, signal) => postRecovery(api, of, { ...range, statuses, dryRun: true }, { signal }),
    { enabled: isDone },
  );
  return (
    <>
      <Notice kind="ok" title={`${deliveries(queued)} ${queued === 1 ? 'is' : 'are'} queued`}>
        {queued === 0
          ? 'What had failed arrived meanwhile.'
          : 'They are sent oldest first. You can close this; it goes on by itself.'}
      </Notice>
      {progress && queued > 0 && (
        <div className="recover-progress">
          <progress aria-label="Progress of the recovery" max={1} value={progress.share} />
          <p role="status">
            {progress.words} {isDone && left.data && recoveryResult(left.data.count)}
          </p>
        </div>
      )}
    </>
  );
}
