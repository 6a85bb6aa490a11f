import { useState } from 'react';
import { useChange, useData } from '../../api/queries.js';
import { Button, LinkButton } from '../../parts/button.js';
import { Dialog } from '../../parts/dialog.js';
import { SelectField, TextField } from '../../parts/field.js';
import { Notice, ProblemNotice } from '../../parts/notice.js';
import './deliveries.css';
import { RecoveryUnderWay } from './recovery-under-way.js';
import { countOfDeliveries, firstDraft, readDraft, RECOVERY_SPANS } from './recovery.js';
import type { RecoveryDraft, RecoveryRange, RecoverySubject } from './recovery.js';
import { postRecovery } from './recovery-request.js';

/**
 * Sends again what a webhook or an endpoint did not get in a range of time: counts first, sends after a confirmation that
 * names the count, then shows how far it is. `since` is where the range begins at first, such as when an endpoint began to
 * fail.
 */
export function RecoverDialog(given: {
  of: RecoverySubject;
  isOpen: boolean;
  onClose: () => void;
  since?: string | undefined;
}) {
  // Its state begins anew each time it opens.
  return given.isOpen ? <OpenDialog {...given} /> : null;
}

function OpenDialog({ of, onClose, since }: { of: RecoverySubject; onClose: () => void; since?: string | undefined }) {
  const [draft, setDraft] = useState(() => firstDraft(since));
  const [nowMs] = useState(() => Date.now());
  const reading = readDraft(draft, nowMs);
  const range = reading.kind === 'ok' ? reading.range : undefined;
  const counted = useCount(of, range);
  const [sent, setSent] = useState<RecoveryRange>();
  const recovery = useChange(
    (api, input: RecoveryRange, headers) => postRecovery(api, of, { ...input, dryRun: false }, headers),
    { refreshes: [['deliveries'], ['overview'], [`${of.kind}s`]], onDone: (_, input) => setSent(input) },
  );
  const count = range && counted.data?.count;
  const title = `Recover deliveries of ${of.name}`;
  if (recovery.data && sent) {
    return (
      <Dialog title={title} isOpen onClose={onClose} actions={<Done of={of} onClose={onClose} />}>
        <RecoveryUnderWay of={of} range={sent} queued={recovery.data.count} />
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
        {count ? `Recover ${countOfDeliveries(count)}` : 'Recover deliveries'}
      </Button>
    );
  return (
    <Dialog title={title} isOpen onClose={onClose} actions={actions}>
      <p>What failed or is held is sent again, oldest first. Your receiver sees the same event ids as before.</p>
      <RangeFields draft={draft} onChange={setDraft} problem={reading.kind === 'wrong' ? reading : undefined} />
      <Count of={of} isPending={range !== undefined && counted.isPending} count={count} />
      {counted.error && range && <ProblemNotice error={counted.error} retry={() => void counted.refetch()} />}
      {recovery.error && <ProblemNotice error={recovery.error} />}
    </Dialog>
  );
}

function useCount(of: RecoverySubject, range: RecoveryRange | undefined) {
  return useData(['recoverable', of.kind, of.id, range], (api) => postRecovery(api, of, { ...range!, dryRun: true }), {
    enabled: range !== undefined,
  });
}

function Count({ of, isPending, count }: { of: RecoverySubject; isPending: boolean; count: number | undefined }) {
  return (
    <div className="recover-count" role="status">
      {isPending && <p className="muted">Counting…</p>}
      {count === 0 && (
        <Notice kind="ok" title="Nothing to recover">
          No delivery of this {of.kind} failed or is held in this time.
        </Notice>
      )}
      {count !== undefined && count > 0 && (
        <p>
          <strong>{countOfDeliveries(count)}</strong> in this time did not arrive.
        </p>
      )}
    </div>
  );
}

function RangeFields({
  draft,
  onChange,
  problem,
}: {
  draft: RecoveryDraft;
  onChange: (draft: RecoveryDraft) => void;
  problem: { field: 'since' | 'until'; problem: string } | undefined;
}) {
  const options = [...RECOVERY_SPANS.map(({ id, text }) => ({ id, text })), { id: 'own', text: 'A range of my own' }];
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

function Done({ of, onClose }: { of: RecoverySubject; onClose: () => void }) {
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
