import { useSearch } from '@tanstack/react-router';
import type { Overview } from '../../api/resources.js';
import { HourChart } from '../../charts/hour-chart.js';
import { LinkButton } from '../../parts/button.js';
import { Loaded } from '../../parts/loaded.js';
import { Card, Page } from '../../parts/page.js';
import { useTripline } from '../../session.js';
import { AttentionList } from './attention-list.js';
import { Totals } from './numbers.js';
import { OverviewWebhooks } from './overview-webhooks.js';
import './overview.css';
import { RangeChoice } from './range-choice.js';
import { rangeOf } from './range.js';
import type { Range } from './range.js';
import { RecipesList } from './recipes-list.js';
import { useOverview } from './use-overview.js';

/** What needs attention first, then how everything did. */
export function OverviewPage() {
  const { can } = useTripline();
  const range = rangeOf(useSearch({ strict: false }).range);
  const overview = useOverview(range);
  return (
    <Page
      title="Overview"
      actions={
        <>
          <RangeChoice range={range} />
          {can('webhooks:manage') && (
            <LinkButton kind="primary" icon="plus" to="/webhooks/new">
              New webhook
            </LinkButton>
          )}
        </>
      }
    >
      <Loaded query={overview} height={560}>
        {(found) => <Found overview={found} range={range} />}
      </Loaded>
    </Page>
  );
}

function Found({ overview, range }: { overview: Overview; range: Range }) {
  const { attention, attentionOmitted, totals, webhooks, byHour, until } = overview;
  if (webhooks.length === 0) {
    return (
      <>
        {attention.length > 0 && <AttentionList attention={attention} omitted={attentionOmitted} />}
        <RecipesList />
      </>
    );
  }
  return (
    <>
      <AttentionList attention={attention} omitted={attentionOmitted} />
      <Totals totals={totals} rangeText={range.text} />
      <Card>
        <HourChart what="Deliveries" hours={byHour} until={until} />
      </Card>
      <OverviewWebhooks overview={overview} rangeText={range.text} />
    </>
  );
}
