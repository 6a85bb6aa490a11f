import { useEffect, useState } from 'react';
import { LinkButton } from '../parts/button.js';
import { Did } from '../parts/code.js';
import { number, plural } from '../parts/format.js';
import { Icon } from '../parts/icon.js';
import { Notice } from '../parts/notice.js';
import { DataTable } from '../parts/table.js';
import { describeBulkResult, groupByReason, refusedAsCsv } from './bulk-answer.js';
import type { BulkResult, Refused } from './bulk-answer.js';
import './bulk.css';

/** Of a long list; the file has them all. */
const REFUSED_SHOWN_MAX = 100;

/** What came of a call about many vehicles: how many, which were refused and why, or where it goes on. */
export function BulkOutcome({ result, webhookId }: { result: BulkResult; webhookId?: string }) {
  if (result.kind === 'continues') return <GoesOn operationId={result.operationId} webhookId={webhookId} />;
  const refused = result.kind === 'subscribed' ? result.refused : [];
  const unnamed = result.kind === 'subscribed' ? result.unnamed : 0;
  const kind = result.error !== undefined ? 'bad' : refused.length > 0 ? 'warn' : 'ok';
  return (
    <div className="stack">
      <Notice kind={kind} title={describeBulkResult(result)}>
        {result.error && <p>It ended before all was done: {result.error}</p>}
        {groupByReason(refused).map(({ reason, count }) => (
          <p key={reason}>
            {plural(count, 'vehicle')} refused: {reason}. {adviceFor(reason)}
          </p>
        ))}
      </Notice>
      {refused.length > 0 && <RefusedVehicles refused={refused} unnamed={unnamed} />}
    </div>
  );
}

function GoesOn({ operationId, webhookId }: { operationId: string; webhookId: string | undefined }) {
  return (
    <Notice
      kind="info"
      title="It takes longer, and goes on by itself."
      actions={
        <LinkButton to="/operations/$id" params={{ id: operationId }} search={webhookId ? { webhook: webhookId } : {}}>
          Show its progress
        </LinkButton>
      }
    >
      You may leave this page. What came of it is kept for a week.
    </Notice>
  );
}

function RefusedVehicles({ refused, unnamed }: { refused: readonly Refused[]; unnamed: number }) {
  const hidden = Math.max(0, refused.length - REFUSED_SHOWN_MAX);
  return (
    <>
      {/* It scrolls, so it has to be reached by keyboard. */}
      <div className="refused" tabIndex={0} role="region" aria-label="Refused vehicles">
        <DataTable
          label="Refused vehicles"
          rows={refused.slice(0, REFUSED_SHOWN_MAX)}
          rowId={({ assetDid }) => assetDid}
          columns={[
            { id: 'vehicle', head: 'Refused vehicle', cell: ({ assetDid }) => <Did did={assetDid} /> },
            { id: 'reason', head: 'Reason', cell: ({ message }) => message },
          ]}
        />
      </div>
      <div className="line">
        <Download name="refused-vehicles.csv" text={refusedAsCsv(refused)}>
          Download {plural(refused.length, 'refused vehicle')} as CSV
        </Download>
        {hidden > 0 && <span className="hint">{number(hidden)} more are in the file.</span>}
        {unnamed > 0 && <span className="hint">{number(unnamed)} more were refused and are not named.</span>}
      </div>
    </>
  );
}

/** A file that the page itself makes. */
function Download({ name, text, children }: { name: string; text: string; children: React.ReactNode }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [text]);
  return (
    <a className="button plain" href={url} download={name}>
      <Icon name="download" />
      <span>{children}</span>
    </a>
  );
}

/** What to do about a reason that the API gives. */
function adviceFor(reason: string): string {
  if (/permission/i.test(reason) && /insufficient/i.test(reason)) return 'Their owners have to share them with you.';
  if (/validate/i.test(reason)) return 'Subscribe them again in a while.';
  if (/quota/i.test(reason)) return 'Unsubscribe others, or ask whoever runs Tripline for more.';
  return '';
}
