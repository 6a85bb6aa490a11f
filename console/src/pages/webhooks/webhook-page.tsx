import { useParams, useSearch } from '@tanstack/react-router';
import type { Schema } from '@tripline/client';
import { useData } from '../../api/queries.js';
import { useWebhook } from '../../api/resources.js';
import type { Webhook } from '../../api/resources.js';
import { AttentionAbout } from '../../attention/attention-list.js';
import { HourChart } from '../../charts/hour-chart.js';
import { Figures } from '../../numbers/figures.js';
import { RangeChoice } from '../../numbers/range-choice.js';
import { rangeOf, sinceOf } from '../../numbers/range.js';
import type { Range } from '../../numbers/range.js';
import { successOf } from '../../numbers/success.js';
import { milliseconds, number, percent, plural } from '../../parts/format.js';
import { Loaded } from '../../parts/loaded.js';
import { Card } from '../../parts/page.js';
import { useTripline } from '../../session.js';
import { LatestDeliveries, LatestFirings } from './latest.js';
import { EndpointFacts, WebhookFacts } from './webhook-facts.js';

const REFRESH_MS = 15_000;

/** How one webhook does, and why it may not. */
export function WebhookPage() {
  const { id } = useParams({ from: '/shell/webhooks/$id/' });
  const webhook = useWebhook(id);
  return (
    <Loaded query={webhook} height={480}>
      {(found) => <Found webhook={found} />}
    </Loaded>
  );
}

function Found({ webhook }: { webhook: Webhook }) {
  const { can } = useTripline();
  const range = rangeOf(useSearch({ from: '/shell/webhooks/$id/' }).range);
  return (
    <>
      <AttentionAbout
        isAbout={({ webhookId, endpointId }) =>
          webhookId === webhook.id || (webhookId === null && endpointId === webhook.endpointId)
        }
        isOnItsPage={({ webhookId }) => webhookId === webhook.id}
      />
      <div className="apart">
        <h2>How it did</h2>
        <RangeChoice range={range} />
      </div>
      <Numbers id={webhook.id} range={range} />
      <div className="halves">
        <WebhookFacts webhook={webhook} />
        <EndpointFacts webhook={webhook} />
      </div>
      {can('events:read') && (
        <div className="halves">
          <LatestFirings id={webhook.id} />
          <LatestDeliveries id={webhook.id} />
        </div>
      )}
    </>
  );
}

function Numbers({ id, range }: { id: string; range: Range }) {
  const stats = useData<Schema<'WebhookStats'>>(
    ['webhooks', id, 'stats', range.id],
    (api, signal) => {
      const query = { since: sinceOf(range, Date.now()) };
      return api.GET('/v1/webhooks/{id}/stats', { params: { path: { id }, query }, signal });
    },
    { refreshMs: REFRESH_MS, keepBefore: true },
  );
  return (
    <Loaded query={stats} height={320}>
      {(found) => (
        <>
          <StatsFigures stats={found} rangeText={range.text} />
          <Card>
            <HourChart what="Deliveries" hours={found.byHour} until={found.until} />
          </Card>
        </>
      )}
    </Loaded>
  );
}

function StatsFigures({ stats, rangeText }: { stats: Schema<'WebhookStats'>; rangeText: string }) {
  const { firings, deliveries, attempts, responseTimeMs, conditionFailures, throttled } = stats;
  const { delivered, failed, pending, held } = deliveries;
  const settled = delivered + failed;
  const lost = [
    conditionFailures > 0 && `condition failed, told ${plural(conditionFailures, 'time')}`,
    throttled > 0 && `above the quota, told ${plural(throttled, 'time')}`,
  ].filter(Boolean);
  return (
    <Figures
      figures={[
        { term: `Firings, ${rangeText}`, value: number(firings), more: lost.join('; ') },
        {
          term: 'Delivered',
          value: percent(successOf(deliveries)),
          more:
            settled === 0
              ? 'nothing yet'
              : `${number(delivered)} of ${number(settled)}, ${plural(attempts, 'attempt')}`,
        },
        {
          term: 'Not delivered yet',
          value: number(pending + held),
          more: `${number(pending)} wait, ${number(held)} held`,
        },
        {
          term: 'Answer time, 95 %',
          value: milliseconds(responseTimeMs.p95),
          more: responseTimeMs.p50 === null ? undefined : `half within ${milliseconds(responseTimeMs.p50)}`,
        },
      ]}
    />
  );
}
