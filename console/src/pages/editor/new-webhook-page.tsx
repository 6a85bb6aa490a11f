import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useChange } from '../../api/queries.js';
import { useCatalog, useWebhooks } from '../../api/resources.js';
import { metricByName, type Metric } from '../../condition/metric.js';
import { recipeOf, RECIPES } from '../../condition/recipes.js';
import { Button, LinkButton } from '../../parts/button.js';
import { Loaded } from '../../parts/loaded.js';
import { NotAllowed } from '../../parts/not-allowed.js';
import { Page } from '../../parts/page.js';
import { useTripline } from '../../session.js';
import { missingFields } from '../../webhook/form-problems.js';
import { useWebhookForm } from '../../webhook/use-webhook-form.js';
import { isChanged } from '../../webhook/webhook-change.js';
import { beginDraft, freeName, newWebhook, type WebhookDraft } from '../../webhook/webhook-draft.js';
import { focusFirstFault, showFaults } from './faults.js';
import { LeavingGuard } from './leaving-guard.js';
import { SubmitAnswer } from './submit-answer.js';
import { WebhookFields } from './webhook-form.js';
import { WebhookMade, type Made } from './webhook-made.js';

const route = getRouteApi('/shell/webhooks/new');
const CRUMBS = [{ text: 'Webhooks', to: '/webhooks' }] as const;

/** A webhook is made: from nothing, from a recipe or for a metric that a link names. */
export function NewWebhookPage() {
  const search = route.useSearch();
  const { can, demo } = useTripline();
  const catalog = useCatalog();
  const webhooks = useWebhooks();
  // The names are only needed to propose a free one, so it goes on without them as well.
  const query = webhooks.isPending ? { ...catalog, data: undefined } : catalog;
  if (!can('webhooks:manage')) {
    return (
      <Page title="New webhook" crumbs={CRUMBS}>
        <NotAllowed title="This key may look, but not make webhooks." scope="webhooks:manage" />
      </Page>
    );
  }
  return (
    <Loaded query={query} height={480}>
      {(metrics) => {
        const begun = beginFrom(search, metrics, beginDraft(recipeOf(search.from), demo));
        const displayName = begun.displayName && freeName(begun.displayName, namesOf(webhooks.data));
        const key = `${search.from} ${search.metric} ${search.endpoint} ${demo === undefined}`;
        return <NewWebhook key={key} metrics={metrics} begun={{ ...begun, displayName }} />;
      }}
    </Loaded>
  );
}

function namesOf(webhooks: readonly { displayName: string }[] = []): string[] {
  return webhooks.map(({ displayName }) => displayName);
}

function beginFrom(
  search: { metric?: string; endpoint?: string },
  metrics: readonly Metric[],
  begun: WebhookDraft,
): WebhookDraft {
  const metric = search.metric === undefined ? undefined : metricByName(metrics, search.metric);
  return {
    ...begun,
    ...(metric && { service: metric.service, metricName: metric.name }),
    ...(search.endpoint !== undefined && { targetKind: 'shared', endpointId: search.endpoint }),
  };
}

function NewWebhook({ metrics, begun: given }: { metrics: readonly Metric[]; begun: WebhookDraft }) {
  // As it was when the page was opened: names that are taken since then change nothing here.
  const [begun] = useState(given);
  const form = useWebhookForm(begun);
  const create = useCreate();
  const submit = () => {
    const missing = missingFields(form.draft, undefined);
    form.setProblems(missing);
    if (Object.keys(missing).length > 0) return focusFirstFault();
    create.mutateAsync(form.draft).catch((error) => showFaults(form, error));
  };
  if (create.data) return <MadePage made={create.data} />;
  return (
    <Page title="New webhook" crumbs={CRUMBS}>
      <Recipes />
      <LeavingGuard isChanged={isChanged(begun, form.draft)} isLeaving={() => create.isSuccess} />
      <WebhookFields form={form} metrics={metrics} before={undefined} onSubmit={submit}>
        <SubmitAnswer isAsking={create.isPending && form.draft.targetKind === 'own'} error={create.error} />
        <div className="line">
          <Button kind="primary" type="submit" isPending={create.isPending}>
            Create webhook
          </Button>
          <LinkButton to="/webhooks">Cancel</LinkButton>
        </div>
      </WebhookFields>
    </Page>
  );
}

function useCreate() {
  return useChange<WebhookDraft, Made>(
    async (api, draft, header) => {
      const { data } = await api.POST('/v1/webhooks', { params: { header }, body: newWebhook(draft) });
      return { data: data && { ...data, wasProven: draft.targetKind === 'own', isWatching: draft.autoSubscribe } };
    },
    { refreshes: [['webhooks'], ['overview'], ['endpoints']] },
  );
}

function MadePage({ made }: { made: Made }) {
  return (
    <Page
      title="New webhook"
      crumbs={CRUMBS}
      actions={
        <LinkButton to="/webhooks/$id" params={{ id: made.id }}>
          Show the webhook
        </LinkButton>
      }
    >
      <WebhookMade made={made} />
    </Page>
  );
}

function Recipes() {
  return (
    <nav className="recipe-links" aria-label="Recipes">
      <span>Begin with</span>
      {RECIPES.map(({ id, title, sentence }) => (
        <LinkButton key={id} to="/webhooks/new" search={{ from: id }} kind="quiet" title={sentence}>
          {title}
        </LinkButton>
      ))}
    </nav>
  );
}
