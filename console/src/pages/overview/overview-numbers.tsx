import type { Overview } from '../../api/resources.js';
import { HourChart } from '../../charts/hour-chart.js';
import type { Range } from '../../numbers/range.js';
import { Card } from '../../parts/page.js';
import { OverviewWebhooks } from './overview-webhooks.js';
import { Totals } from './totals.js';

/** How all webhooks did, and each. */
export function OverviewNumbers({ overview, range }: { overview: Overview; range: Range }) {
  return (
    <>
      <Totals totals={overview.totals} rangeText={range.text} />
      <Card>
        <HourChart what="Deliveries" hours={overview.byHour} until={overview.until} />
      </Card>
      <OverviewWebhooks overview={overview} rangeText={range.text} />
    </>
  );
}
