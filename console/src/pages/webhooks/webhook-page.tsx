import { useParams, useSearch } from '@tanstack/react-router';
import type { Schema } from '@tripline/client';
import { useData } from '../../api/queries.js';
import { useWebhook } from '../../api/resources.js';
import type { Webhook } from '../../api/resources.js';
import { HourChart } from '../../charts/hour-chart.js';
import { milliseconds, number, percent, plural } from '../../parts/format.js';
import { Loaded } from '../../parts/loaded.js';
import { Card } from '../../parts/page.js';
import { useTripline } from '../../session.js';
import { AttentionLine } from '../overview/attention-list.js';
import { Figures } from '../overview/numbers.js';
import { RangeChoice } from '../overview/range-choice.js';
import { rangeOf, sinceOf } from '../overview/range.js';
import type { Range } from '../overview/range.js';
import { successOf } from '../overview/standing.js';
import { useOverview } from '../overview/use-overview.js';
import { LatestDeliveries, LatestFirings } from './latest.js';
import { EndpointFacts, WebhookFacts } from './webhook-facts.js';

const REFRESH_MS = 15_000;

/** How one webhook does, and why it may not. */
export function WebhookPage() {
  const { id = '' } = useParams({ strict: false });
  const webhook = useWebhook(id);
  return (
    <Loaded query={webhook} height={480}>
      {(found) => <Found webhook={found} />}
    </Loaded>
  );
}

function Found({ webhook }: { webhook: Webhook }) {
  const { can } = useTripline();
  const range = rangeOf(useSearch({ strict: false }).range);
  return (
    <>
      <OwnAttention webhook={webhook} />
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

/** What the overview says of this webhook and of where it sends to. */
function OwnAttention({ webhook: { id, endpointId } }: { webhook: Webhook }) {
  const overview = useOverview();
  const lines = (overview.data?.attention ?? []).filter((line) => {
    return line.webhookId === id || (line.webhookId === null && line.endpointId === endpointId);
  });
  if (lines.length === 0) return null;
  return (
    <section className="stack" aria-label="Needs attention">
      {lines.map((line) => (
        <AttentionLine key={`${line.kind} ${line.title}`} line={line} isOnItsPage={line.webhookId === id} />
      ))}
    </section>
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
