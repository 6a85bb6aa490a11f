import { useData } from '../../api/queries.js';
import type { Endpoint } from '../../api/resources.js';
import { ChoiceField, SelectField } from '../../parts/choice-fields.js';
import { TextField } from '../../parts/field.js';
import { Notice } from '../../parts/notice.js';
import type { WebhookForm } from '../../webhook/use-webhook-form.js';
import { isOtherTarget } from '../../webhook/webhook-change.js';
import type { WebhookDraft } from '../../webhook/webhook-draft.js';

interface TargetFieldsProps {
  form: WebhookForm;
  /** The webhook as it is; undefined for a new one. */
  before: WebhookDraft | undefined;
}

/** So many shared endpoints are offered; a license has few. */
const ENDPOINTS_MAX = 500;

/** Where the webhook sends to: an address of its own, which has to prove itself, or an endpoint that several share. */
export function TargetFields({ form, before }: TargetFieldsProps) {
  const { draft, change } = form;
  const endpoints = useData(['endpoints', 'to-choose'], (api, signal) =>
    api.GET('/v1/endpoints', { params: { query: { limit: ENDPOINTS_MAX } }, signal }),
  );
  const shared = endpoints.data?.data ?? [];
  const isChoice = shared.length > 0 || draft.targetKind === 'shared';
  return (
    <>
      {isChoice && (
        <ChoiceField
          label="Sends to"
          options={[
            { id: 'own', text: 'An address of its own' },
            {
              id: 'shared',
              text: 'A shared endpoint',
              detail: 'Several webhooks use it, with its secret and options.',
            },
          ]}
          value={draft.targetKind}
          onChange={(targetKind) => change({ targetKind })}
        />
      )}
      {draft.targetKind === 'own' ? (
        <OwnTarget form={form} before={before} />
      ) : (
        <SharedTarget form={form} shared={shared} />
      )}
    </>
  );
}

function OwnTarget({ form, before }: TargetFieldsProps) {
  const { draft, change, problems } = form;
  const isAsked = before === undefined || isOtherTarget(before, draft);
  return (
    <>
      <TextField
        label="Address"
        type="url"
        isMono
        value={draft.targetURL}
        onChange={(targetURL) => change({ targetURL })}
        placeholder="https://example.com/webhook"
        hint="An HTTPS address of yours that takes POST requests."
        problem={problems.targetURL}
      />
      {isAsked && (
        <TextField
          label="Verification token"
          isMono
          value={draft.verificationToken}
          onChange={(verificationToken) => change({ verificationToken })}
          autoComplete="off"
          hint={
            <>
              Proves that the address is yours: it is asked once with <code>{'{"verification": "test"}'}</code> and has
              to answer with this token as plain text.
            </>
          }
          problem={problems.verificationToken}
        />
      )}
    </>
  );
}

function SharedTarget({ form, shared }: { form: WebhookForm; shared: readonly Endpoint[] }) {
  const { draft, change, problems } = form;
  const chosen = shared.find(({ id }) => id === draft.endpointId);
  return (
    <>
      <SelectField
        label="Endpoint"
        options={shared.map(({ id, url, description }) => ({ id, text: url, detail: description }))}
        value={draft.endpointId === '' ? null : draft.endpointId}
        onChange={(endpointId) => change({ endpointId })}
        placeholder="Choose an endpoint"
        problem={problems.endpointId}
      />
      {chosen && chosen.status !== 'active' && (
        <Notice kind="warn" title={`The endpoint is ${chosen.status}: what the webhook fires is held.`}>
          {chosen.statusReason}
        </Notice>
      )}
    </>
  );
}
