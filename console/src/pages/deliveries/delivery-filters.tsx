import { FilterChips } from '../../lists/filter-chips.js';
import { TimeFilter } from '../../lists/time-filter.js';
import { VehicleFilter } from '../../lists/vehicle-filter.js';
import { WebhookFilter } from '../../lists/webhook-filter.js';
import { Button } from '../../parts/button.js';
import { isNarrowed, STATUSES } from './delivery-search.js';
import type { DeliverySearch } from './delivery-search.js';

interface DeliveryFiltersProps {
  search: DeliverySearch;
  onChange: (search: DeliverySearch) => void;
  /** Where the list is of one webhook anyway. */
  isOfWebhook: boolean;
}

/** Narrows a list of deliveries; everything is in the page's address. */
export function DeliveryFilters({ search, onChange, isOfWebhook }: DeliveryFiltersProps) {
  const { view, delivery } = search;
  return (
    <div className="filters">
      <FilterChips
        label="Status"
        chips={STATUSES.map((status) => ({ id: status, text: STATUS_WORDS[status] }))}
        selected={search.status?.split(',') ?? []}
        onChange={(statuses) => onChange({ ...search, status: statuses.join(',') || undefined })}
      />
      <div className="filter-fields">
        {!isOfWebhook && (
          <WebhookFilter value={search.webhook} onChange={(webhook) => onChange({ ...search, webhook })} />
        )}
        <TimeFilter value={search} onChange={({ since, until }) => onChange({ ...search, since, until })} />
        <VehicleFilter
          key={search.vehicle}
          value={search.vehicle}
          onChange={(vehicle) => onChange({ ...search, vehicle })}
        />
      </div>
      {isNarrowed(search) && (
        <div className="line">
          {search.endpoint && (
            <Button kind="quiet" icon="cross" onPress={() => onChange({ ...search, endpoint: undefined })}>
              Of all endpoints
            </Button>
          )}
          <Button kind="quiet" icon="filter" onPress={() => onChange({ view, delivery })}>
            Clear filters
          </Button>
        </div>
      )}
    </div>
  );
}

const STATUS_WORDS = {
  pending: 'Pending',
  delivered: 'Delivered',
  failed: 'Failed',
  held: 'Held',
  cancelled: 'Cancelled',
} as const;
