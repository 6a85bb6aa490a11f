import { useDeferredValue, useMemo, useState } from 'react';
import type { Webhook } from '../../api/resources.js';
import { addUp } from '../../bulk/bulk-answer.js';
import type { BulkResult } from '../../bulk/bulk-answer.js';
import { BulkOutcome } from '../../bulk/bulk-outcome.js';
import { useSubscribeList } from '../../bulk/use-bulk-calls.js';
import { describeVehicleList, readVehicleList, VEHICLES_MAX } from '../../bulk/vehicle-list.js';
import type { VehicleList } from '../../bulk/vehicle-list.js';
import { Button } from '../../parts/button.js';
import { TextField } from '../../parts/field.js';
import { number, plural } from '../../parts/format.js';
import { Notice, ProblemNotice } from '../../parts/notice.js';
import { FileField } from './file-field.js';
import type { ReadFile } from './file-field.js';

/** Of the lines that are wrong; the sentence counts all. */
const WRONG_SHOWN_MAX = 20;

/** Subscribes a list that was pasted or comes from a file, once it was read and described. */
export function SubscribeList({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const [pasted, setPasted] = useState('');
  const [file, setFile] = useState<ReadFile>();
  const text = useDeferredValue(file?.text ?? pasted);
  const list = useMemo(() => readVehicleList(text), [text]);
  const subscribe = useSubscribeList(webhook.id);
  const isDone = subscribe.isSuccess;
  return (
    <div className="stack">
      {!isDone && file === undefined && (
        <TextField
          label="DIDs of vehicles"
          hint="One a line, or with commas, semicolons or spaces between. Other columns are passed over."
          lines={6}
          value={pasted}
          onChange={setPasted}
          isMono
        />
      )}
      {!isDone && <FileField file={file} onRead={setFile} />}
      {!isDone && text.trim() !== '' && <ListSummary list={list} />}
      {subscribe.error && <ProblemNotice error={subscribe.error} />}
      <div role="status">
        <ListOutcome results={subscribe.done} webhookId={webhook.id} />
      </div>
      <div className="dialog-actions">
        <Button kind={isDone ? 'primary' : 'plain'} onPress={onClose}>
          {isDone ? 'Show vehicles' : 'Cancel'}
        </Button>
        {!isDone && (
          <Button
            kind="primary"
            isDisabled={list.dids.length === 0 || list.dids.length > VEHICLES_MAX}
            isPending={subscribe.isPending}
            onPress={() => subscribe.mutate(list.dids)}
          >
            Subscribe {plural(list.dids.length, 'vehicle')}
          </Button>
        )}
      </div>
    </div>
  );
}

/** What there is in the list, before anything is sent. */
function ListSummary({ list }: { list: VehicleList }) {
  const { dids, wrong, wrongCount } = list;
  const isTooLong = dids.length > VEHICLES_MAX;
  const kind = isTooLong || dids.length === 0 ? 'bad' : wrongCount > 0 ? 'warn' : 'ok';
  return (
    <div role="status">
      <Notice kind={kind} title={describeVehicleList(list)}>
        {isTooLong && <p>That is too long. Send {number(VEHICLES_MAX)} at a time.</p>}
        {wrongCount > 0 && dids.length > 0 && <p>Lines that are not DIDs are left out.</p>}
        {wrongCount > 0 && (
          <details className="more">
            <summary>Show what is wrong</summary>
            <ul>
              {wrong.slice(0, WRONG_SHOWN_MAX).map(({ line, text, reason }) => (
                <li key={line}>
                  Line {line}: <code>{text}</code>, {reason}
                </li>
              ))}
            </ul>
            {wrongCount > WRONG_SHOWN_MAX && <p>And {plural(wrongCount - WRONG_SHOWN_MAX, 'more line')}.</p>}
          </details>
        )}
      </Notice>
    </div>
  );
}

/** What was answered at once as one result, and each call that goes on. */
function ListOutcome({ results, webhookId }: { results: readonly BulkResult[]; webhookId: string }) {
  const isAnyAnswered = results.some(({ kind }) => kind === 'subscribed');
  return (
    <div className="stack">
      {isAnyAnswered && <BulkOutcome result={addUp(results)} />}
      {results.map(
        (result) =>
          result.kind === 'continues' && <BulkOutcome key={result.operationId} result={result} webhookId={webhookId} />,
      )}
    </div>
  );
}
