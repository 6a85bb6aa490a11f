import { useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import type { Overview } from '../../api/resources.js';
import { AttentionList } from '../../attention/attention-list.js';
import { RangeChoice } from '../../numbers/range-choice.js';
import { rangeOf } from '../../numbers/range.js';
import type { Range } from '../../numbers/range.js';
import { useOverview } from '../../numbers/use-overview.js';
import { LinkButton } from '../../parts/button.js';
import { Loaded, Waiting } from '../../parts/loaded.js';
import { Page } from '../../parts/page.js';
import { useTripline } from '../../session.js';
import { RecipesList } from '../../webhook/recipes-list.js';

/** Whoever has no webhook yet has none. */
const OverviewNumbers = lazy(async () => ({ default: (await import('./overview-numbers.js')).OverviewNumbers }));

/** What needs attention first, then how everything did. */
export function OverviewPage() {
  const { can } = useTripline();
  const range = rangeOf(useSearch({ from: '/shell/' }).range);
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
  const { attention, attentionOmitted, webhooks } = overview;
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
      <Suspense fallback={<Waiting height={560} />}>
        <OverviewNumbers overview={overview} range={range} />
      </Suspense>
    </>
  );
}
