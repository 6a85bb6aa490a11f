import { useState } from 'react';
import { useChange, useData } from '../api/queries.js';
import type { Subject } from '../api/resources.js';
import { SPANS } from '../lists/search-values.js';
import { Button, LinkButton } from '../parts/button.js';
import { SelectField } from '../parts/choice-fields.js';
import { Dialog } from '../parts/dialog.js';
import { TextField } from '../parts/field.js';
import { deliveries } from '../parts/format.js';
import { Notice, ProblemNotice } from '../parts/notice.js';
import './recover-dialog.css';
import { postRecovery, RECOVERED } from './recovery-request.js';
import type { RecoveredStatus } from './recovery-request.js';
import { RecoveryUnderWay } from './recovery-under-way.js';
import { firstDraft, readDraft } from './recovery.js';
import type { RecoveryDraft, RecoveryRange } from './recovery.js';

interface RecoverDialogProps {
  of: Subject;
  /** What it is called; without it, the title says only what is done. */
  name?: string | undefined;
  /** Where the range begins at first, such as when an endpoint began to fail. */
  since?: string;
  statuses?: readonly RecoveredStatus[];
  onClose: () => void;
}

/**
 * Sends again what a webhook or an endpoint did not get in a range of time: counts first, sends after a confirmation that
 * names the count, then shows how far it is.
 */
export function RecoverDialog({ of, name, since, statuses = RECOVERED, onClose }: RecoverDialogProps) {
  const [draft, setDraft] = useState(() => firstDraft(since));
  const [nowMs] = useState(() => Date.now());
  const reading = readDraft(draft, nowMs);
  const range = reading.kind === 'ok' ? reading.range : undefined;
  const counted = useCount(of, statuses, range);
  const recovery = useChange(
    (api, asked: RecoveryRange, header) => postRecovery(api, of, { ...asked, statuses, dryRun: false }, { header }),
    { refreshes: [['deliveries'], ['overview'], ['webhooks'], ['endpoints']] },
  );
  const count = range && counted.data?.count;
  const title = name === undefined ? 'Recover deliveries' : `Recover deliveries of ${name}`;
  if (recovery.data && recovery.variables) {
    return (
      <Dialog title={title} isOpen onClose={onClose} actions={<Done of={of} onClose={onClose} />}>
        <RecoveryUnderWay of={of} range={recovery.variables} statuses={statuses} queued={recovery.data.count} />
      </Dialog>
    );
  }
  const actions =
    count === 0 ? (
      <Button onPress={onClose}>Close</Button>
    ) : (
      <Button
        kind="primary"
        isDisabled={!count || counted.isFetching}
        isPending={recovery.isPending}
        onPress={() => range && recovery.mutate(range)}
      >
        {count ? `Recover ${deliveries(count)}` : 'Recover deliveries'}
      </Button>
    );
  return (
    <Dialog title={title} isOpen onClose={onClose} actions={actions}>
      <p>What {statuses.map((status) => WORDS[status]).join(' or ')} is sent again, oldest first.</p>
      <RangeFields draft={draft} onChange={setDraft} problem={reading.kind === 'wrong' ? reading : undefined} />
      <Count of={of} isPending={range !== undefined && counted.isPending} count={count} />
      {counted.error && range && <ProblemNotice error={counted.error} retry={() => void counted.refetch()} />}
      {recovery.error && <ProblemNotice error={recovery.error} />}
    </Dialog>
  );
}

const WORDS: Readonly<Record<RecoveredStatus, string>> = {
  failed: 'failed',
  held: 'is held',
  cancelled: 'was cancelled',
};

function useCount(of: Subject, statuses: readonly RecoveredStatus[], range: RecoveryRange | undefined) {
  return useData(
    ['recoverable', of, statuses, range],
    (api, signal) => postRecovery(api, of, { ...range!, statuses, dryRun: true }, { signal }),
    { enabled: range !== undefined },
  );
}

function Count({ of, isPending, count }: { of: Subject; isPending: boolean; count: number | undefined }) {
  return (
    <div className="recover-count" role="status">
      {isPending && <p className="muted">Counting…</p>}
      {count === 0 && (
        <Notice kind="ok" title="Nothing to recover">
          No delivery of this {of.kind} is left to recover in this time.
        </Notice>
      )}
      {count !== undefined && count > 0 && (
        <p>
          <strong>{deliveries(count)}</strong> in this time did not arrive.
        </p>
      )}
    </div>
  );
}

interface RangeFieldsProps {
  draft: RecoveryDraft;
  onChange: (draft: RecoveryDraft) => void;
  problem: { field: 'since' | 'until'; problem: string } | undefined;
}

function RangeFields({ draft, onChange, problem }: RangeFieldsProps) {
  const options = [...SPANS.map(({ id, text }) => ({ id, text })), { id: 'own', text: 'A range of my own' }];
  const problemOf = (field: 'since' | 'until') => (problem?.field === field ? problem.problem : undefined);
  return (
    <>
      <SelectField
        label="Time of the events"
        options={options}
        value={draft.span}
        onChange={(span) => onChange({ ...draft, span })}
      />
      {draft.span === 'own' && (
        <div className="recover-range">
          <TextField
            label="From"
            type="datetime-local"
            hint="In your own time zone."
            value={draft.since}
            problem={problemOf('since')}
            onChange={(text) => onChange({ ...draft, since: text })}
          />
          <TextField
            label="Until"
            type="datetime-local"
            hint="Empty: until now."
            value={draft.until}
            problem={problemOf('until')}
            onChange={(text) => onChange({ ...draft, until: text })}
          />
        </div>
      )}
    </>
  );
}

function Done({ of, onClose }: { of: Subject; onClose: () => void }) {
  return (
    <>
      <LinkButton to="/deliveries" search={{ [of.kind]: of.id }}>
        Show deliveries
      </LinkButton>
      <Button kind="primary" onPress={onClose}>
        Close
      </Button>
    </>
  );
}
