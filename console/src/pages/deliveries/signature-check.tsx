import { useId, useState } from 'react';
import type { SyntheticEvent } from 'react';
import { useData } from '../../api/queries.js';
import type { DeliveryDetail, Endpoint } from '../../api/resources.js';
import { Button } from '../../parts/button.js';
import { TextField } from '../../parts/field.js';
import { duration } from '../../parts/format.js';
import { Notice } from '../../parts/notice.js';
import type { Attempt } from './attempt-detail.js';
import { clockLead, TOLERANCE_SECONDS, verdictWords } from './signature-words.js';
import { checkSignature } from './signature.js';
import type { SignatureVerdict } from './signature.js';

interface SignatureCheckProps {
  attempt: Attempt;
  delivery: DeliveryDetail;
  endpoint: Endpoint | undefined;
  /** As it was sent. */
  body: string;
  /** Whether `body` is that to the byte. */
  isExact: boolean;
}

/**
 * Checks the signature of an attempt with a secret that is pasted here. Nothing of this leaves the page: there is no name on
 * the field for a form to send, and no request.
 */
export function SignatureCheck({ attempt, delivery, endpoint, body, isExact }: SignatureCheckProps) {
  const [draft, setDraft] = useState<Draft>({ key: '', body: '', signature: '' });
  const [checked, setChecked] = useState<{ draft: Draft; verdict: SignatureVerdict }>();
  const rotatedAtMs = useRotation(delivery, attempt);
  const change = (fields: Partial<Draft>): void => setDraft({ ...draft, ...fields });
  const check = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    const sent = { ...signedHeaders(attempt, delivery), body };
    const received = {
      ...(draft.body && { body: draft.body }),
      ...(draft.signature && { signature: draft.signature }),
    };
    // There is none on a page that came over plain http.
    const subtle = globalThis.crypto.subtle as SubtleCrypto | undefined;
    setChecked({ draft, verdict: await checkSignature({ subtle, key: draft.key, sent, received, rotatedAtMs }) });
  };
  return (
    <form className="form" onSubmit={(event) => void check(event)} autoComplete="off">
      <ClockNotice attempt={attempt} />
      <TextField
        label="Secret"
        type="password"
        autoComplete="off"
        isMono
        placeholder="whsec_…"
        hint={
          endpoint?.asymmetric
            ? 'It stays in this page and is never sent. With the public key (whpk_…) the v1a signature is checked.'
            : 'It stays in this page and is never sent.'
        }
        value={draft.key}
        onChange={(key) => change({ key })}
      />
      {endpoint?.publicKey && (
        <div>
          <Button kind="quiet" icon="key" onPress={() => change({ key: endpoint.publicKey ?? '' })}>
            Use the public key of the endpoint
          </Button>
        </div>
      )}
      <ReceivedFields draft={draft} onChange={change} />
      <div>
        <Button type="submit" kind="primary" icon="key">
          Check the signature
        </Button>
      </div>
      <div role="status">{checked?.draft === draft && <Verdict verdict={checked.verdict} isExact={isExact} />}</div>
    </form>
  );
}

/** As they were sent, the signatures shortened. */
function signedHeaders({ requestHeaders }: Attempt, { eventId }: DeliveryDetail) {
  return {
    id: requestHeaders?.['webhook-id'] ?? eventId,
    timestamp: requestHeaders?.['webhook-timestamp'] ?? '',
    signature: requestHeaders?.['webhook-signature'] ?? '',
  };
}

interface Draft {
  key: string;
  body: string;
  signature: string;
}

/** What the receiver got, for where the signature is right here and wrong there. */
function ReceivedFields({ draft, onChange }: { draft: Draft; onChange: (fields: Partial<Draft>) => void }) {
  return (
    <details className="more">
      <summary>It fails at my receiver: compare what it got</summary>
      <div className="form">
        <TextField
          label="Body that your receiver verifies"
          lines={4}
          isMono
          value={draft.body}
          onChange={(body) => onChange({ body })}
        />
        <TextField
          label="Its webhook-signature header"
          isMono
          value={draft.signature}
          onChange={(signature) => onChange({ signature })}
        />
      </div>
    </details>
  );
}

function Verdict({ verdict, isExact }: { verdict: SignatureVerdict; isExact: boolean }) {
  const { kind, title, text } = verdictWords(verdict, { isExact });
  return (
    <Notice kind={kind} title={title}>
      {text}
    </Notice>
  );
}

/** A receiver whose clock is wrong refuses every request, whatever its secret; the date of its answer tells. */
function ClockNotice({ attempt }: { attempt: Attempt }) {
  const id = useId();
  const { requestHeaders, responseHeaders, durationMs } = attempt;
  const lead = clockLead(requestHeaders?.['webhook-timestamp'] ?? '', { date: responseHeaders?.['date'], durationMs });
  if (lead === undefined || Math.abs(lead) <= TOLERANCE_SECONDS) return null;
  const by = `${duration(Math.abs(lead) * 1_000)} ${lead > 0 ? 'ahead' : 'behind'}`;
  return (
    <Notice kind="warn" title={<span id={id}>The clock of your receiver is {by}</span>}>
      Receivers refuse timestamps that are more than 5 minutes away. Set its clock.
    </Notice>
  );
}

/** When the secret was replaced for the first time after an attempt, ms since 1970; undefined when it was not. */
function useRotation({ endpointId }: DeliveryDetail, { startedAt }: Attempt): number | undefined {
  const query = { type: 'secret.rotated', since: startedAt, limit: 100 };
  const rotations = useData(['events', query], (api, signal) => api.GET('/v1/events', { params: { query }, signal }));
  const first = rotations.data?.data.findLast((event) => event.endpointId === endpointId);
  return first && Date.parse(first.time);
}
