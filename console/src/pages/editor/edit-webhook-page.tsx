import { getRouteApi } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { useChange } from '../../api/queries.js';
import { useCatalog, useEndpoint, useWebhook, type Webhook } from '../../api/resources.js';
import type { Metric } from '../../condition/metric.js';
import { HandshakeList } from '../../endpoint/handshake-list.js';
import { Button } from '../../parts/button.js';
import { Loaded } from '../../parts/loaded.js';
import { NotAllowed } from '../../parts/not-allowed.js';
import { Notice } from '../../parts/notice.js';
import { SecretOnce } from '../../secret/secret-once.js';
import { useTripline } from '../../session.js';
import { missingFields, type FieldProblems } from '../../webhook/form-problems.js';
import { useWebhookForm } from '../../webhook/use-webhook-form.js';
import { isChanged, isOtherTarget, webhookChange } from '../../webhook/webhook-change.js';
import { draftOf, type WebhookDraft } from '../../webhook/webhook-draft.js';
import { focusFirstFault, showFaults } from './faults.js';
import { LeavingGuard } from './leaving-guard.js';
import { SubmitAnswer } from './submit-answer.js';
import { WebhookFields } from './webhook-form.js';
import { Warnings, type Made } from './webhook-made.js';
import { WebhookSwitch } from './webhook-switch.js';

const route = getRouteApi('/shell/webhooks/$id/edit');

/** A webhook is changed, whoever made it and however: what is not touched stays as it was registered. */
export function EditWebhookPage() {
  const { id } = route.useParams();
  const webhook = useWebhook(id);
  return (
    <Loaded query={webhook} height={480}>
      {(found) => <EditLoaded key={found.id} webhook={found} />}
    </Loaded>
  );
}

function EditLoaded({ webhook }: { webhook: Webhook }) {
  // The one that it was opened with: when another takes its place, the form stays, with the secret that is shown once.
  const [endpointId] = useState(webhook.endpointId);
  const endpoint = useEndpoint(endpointId);
  const catalog = useCatalog();
  // Which kind of endpoint it is decides what can be changed, so nothing is shown before.
  const query = endpoint.data ? catalog : { ...catalog, ...endpoint, data: undefined };
  return (
    <Loaded query={query} height={480}>
      {(metrics) => <EditWebhook webhook={webhook} isShared={endpoint.data?.webhookId === null} metrics={metrics} />}
    </Loaded>
  );
}

interface EditProps {
  webhook: Webhook;
  isShared: boolean;
  metrics: readonly Metric[];
}

function EditWebhook({ webhook, isShared, metrics }: EditProps) {
  const { can } = useTripline();
  // As it was when it was opened or saved last: what is read again meanwhile must not undo what is being written.
  const [before, setBefore] = useState(() => draftOf(webhook, isShared));
  const form = useWebhookForm(before);
  const isDeleted = useRef(false);
  const save = useSave(webhook.id, (saved) => {
    setBefore(saved);
    form.change(saved);
  });
  const hasChanged = isChanged(before, form.draft);
  const submit = () => {
    const missing = { ...missingFields(form.draft, before), ...sameAddress(webhook, before, form.draft) };
    form.setProblems(missing);
    if (Object.keys(missing).length > 0) return focusFirstFault();
    if (hasChanged) save.mutateAsync({ before, draft: form.draft }).catch((error) => showFaults(form, error));
  };
  const isAsking = save.isPending && isOtherTarget(before, form.draft) && form.draft.targetKind === 'own';
  return (
    <div className="stack">
      <LeavingGuard isChanged={hasChanged} isLeaving={() => isDeleted.current} />
      <WebhookFields form={form} metrics={metrics} before={before} onSubmit={submit}>
        <SubmitAnswer isAsking={isAsking} error={hasChanged ? save.error : null} />
        {save.data && <Saved made={save.data} />}
        {can('webhooks:manage') ? (
          <div className="line">
            <Button kind="primary" type="submit" isPending={save.isPending} isDisabled={!hasChanged}>
              Save changes
            </Button>
            <Button isDisabled={!hasChanged || save.isPending} onPress={() => form.change(before)}>
              Discard changes
            </Button>
          </div>
        ) : (
          <NotAllowed title="This key may look, but not change webhooks." scope="webhooks:manage" />
        )}
      </WebhookFields>
      {can('webhooks:manage') && <WebhookSwitch webhook={webhook} onDelete={() => (isDeleted.current = true)} />}
    </div>
  );
}

/** The API takes the address of the shared endpoint for the endpoint itself, so nothing would change. */
function sameAddress(webhook: Webhook, before: WebhookDraft, draft: WebhookDraft): FieldProblems {
  const isLeaving = before.targetKind === 'shared' && draft.targetKind === 'own';
  if (!isLeaving || draft.targetURL.trim() !== webhook.targetURL) return {};
  return { targetURL: 'This is the address of the shared endpoint. Give another one to leave it.' };
}

interface SaveInput {
  before: WebhookDraft;
  draft: WebhookDraft;
}

function useSave(id: string, onSaved: (saved: WebhookDraft) => void) {
  return useChange<SaveInput, Made & { saved: WebhookDraft }>(
    async (api, { before, draft }) => {
      const path = { id };
      const { data } = await api.PATCH('/v1/webhooks/{id}', {
        params: { path },
        body: webhookChange(before, draft),
      });
      const { data: webhook } = await api.GET('/v1/webhooks/{id}/config', { params: { path } });
      const wasProven = isOtherTarget(before, draft) && draft.targetKind === 'own';
      const saved = draftOf(webhook!, draft.targetKind === 'shared');
      return { data: data && { ...data, wasProven, saved } };
    },
    {
      refreshes: [['webhooks'], ['overview'], ['endpoints']],
      said: 'Changes saved.',
      onDone: ({ saved }) => onSaved(saved),
    },
  );
}

/** Stays until the next change is saved: a secret is shown only once. */
function Saved({ made }: { made: Made }) {
  return (
    <>
      {made.wasProven && (
        <Notice kind="ok" isSpoken title="The new target proved that it is yours. It is used from now on.">
          <HandshakeList how={{ kind: 'proven' }} />
        </Notice>
      )}
      <Warnings warnings={made.warnings} />
      {made.secret !== undefined && <SecretOnce secret={made.secret} />}
    </>
  );
}
