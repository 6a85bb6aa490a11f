import { useState } from 'react';
import type { Webhook } from '../../api/resources.js';
import { Button } from '../../parts/button.js';
import { SelectField, TextField } from '../../parts/field.js';
import { isNarrowed, SPANS, STATUSES, vehicleFor } from './delivery-search.js';
import type { DeliverySearch } from './delivery-search.js';
import { FilterChips } from './filter-chips.js';
import { fieldOfTime, timeOfField } from './recovery.js';
import { useSeenVehicles } from './use-seen-vehicles.js';

interface DeliveryFiltersProps {
  search: DeliverySearch;
  onChange: (search: DeliverySearch) => void;
  /** Undefined where the list is of one webhook anyway. */
  webhooks: readonly Webhook[] | undefined;
}

const ALL = 'all';
const OWN = 'own';

/** Narrows a list of deliveries; everything is in the page's address. */
export function DeliveryFilters({ search, onChange, webhooks }: DeliveryFiltersProps) {
  const { view, delivery } = search;
  const seenVehicles = useSeenVehicles('deliveries');
  return (
    <div className="filters">
      <FilterChips
        label="Status"
        chips={STATUSES.map((status) => ({ id: status, text: STATUS_WORDS[status] }))}
        selected={search.status?.split(',') ?? []}
        onChange={(statuses) => onChange({ ...search, status: statuses.join(',') || undefined })}
      />
      <div className="filter-fields">
        {webhooks && (
          <SelectField
            label="Webhook"
            options={[{ id: ALL, text: 'All webhooks' }, ...webhooks.map((webhook) => webhookOption(webhook))]}
            value={search.webhook ?? ALL}
            onChange={(id) => onChange({ ...search, webhook: id === ALL ? undefined : id })}
          />
        )}
        <TimeFilter value={search} onChange={({ since, until }) => onChange({ ...search, since, until })} />
        <VehicleFilter
          key={search.vehicle}
          value={search.vehicle}
          known={seenVehicles}
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

function webhookOption({ id, displayName, metricName }: Webhook) {
  return { id, text: displayName || metricName };
}

interface TimeRange {
  since?: string | undefined;
  until?: string | undefined;
}

/** A range of time: one by name, or from and until. */
export function TimeFilter({ value, onChange }: { value: TimeRange; onChange: (range: TimeRange) => void }) {
  const named = SPANS.find(({ id }) => id === value.since && value.until === undefined)?.id;
  const isOwnRange = named === undefined && (value.since !== undefined || value.until !== undefined);
  const [isOwn, setOwn] = useState(isOwnRange);
  const choose = (id: string): void => {
    setOwn(id === OWN);
    if (id !== OWN) onChange({ since: id === ALL ? undefined : id, until: undefined });
  };
  return (
    <>
      <SelectField
        label="Time"
        options={[
          { id: ALL, text: 'Any time' },
          ...SPANS.map(({ id, text }) => ({ id, text })),
          { id: OWN, text: 'A range of my own' },
        ]}
        value={isOwn || isOwnRange ? OWN : (named ?? ALL)}
        onChange={choose}
      />
      {(isOwn || isOwnRange) && <OwnRange value={value} onChange={onChange} />}
    </>
  );
}

function OwnRange({ value, onChange }: { value: TimeRange; onChange: (range: TimeRange) => void }) {
  const since = SPANS.some(({ id }) => id === value.since) ? undefined : value.since;
  return (
    <>
      <TextField
        label="From"
        type="datetime-local"
        value={since ? fieldOfTime(since) : ''}
        onChange={(text) => onChange({ since: timeOfField(text), until: value.until })}
      />
      <TextField
        label="Until"
        type="datetime-local"
        value={value.until ? fieldOfTime(value.until) : ''}
        onChange={(text) => onChange({ since, until: timeOfField(text) })}
      />
    </>
  );
}

interface VehicleFilterProps {
  value: string | undefined;
  known: () => readonly string[];
  onChange: (vehicle: string | undefined) => void;
}

/** One vehicle, by its DID, or by its token number where it is among those that are seen. */
export function VehicleFilter({ value, known, onChange }: VehicleFilterProps) {
  const [text, setText] = useState(value ?? '');
  const [problem, setProblem] = useState<string>();
  const apply = (): void => {
    const read = vehicleFor(text, known());
    setProblem(read.kind === 'wrong' ? read.problem : undefined);
    if (read.kind === 'ok' && read.vehicle !== value) onChange(read.vehicle);
  };
  return (
    <form
      className="vehicle-filter"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <TextField
        label="Vehicle"
        type="search"
        placeholder="DID or number"
        value={text}
        problem={problem}
        onChange={setText}
        onBlur={apply}
      />
    </form>
  );
}
