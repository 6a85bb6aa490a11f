import { useData } from '../../api/queries.js';
import { useWebhooks } from '../../api/resources.js';
import { Button } from '../../parts/button.js';
import { CheckField, SelectField } from '../../parts/field.js';
import { TimeFilter, VehicleFilter } from '../deliveries/delivery-filters.js';
import { FilterChips } from '../deliveries/filter-chips.js';
import { useSeenVehicles } from '../deliveries/use-seen-vehicles.js';
import type { EventSearch } from './event-search.js';
import { chooseGroups, filterOf, groupsOf, groupTypes, typesOf } from './event-types.js';
import type { EventGroup } from './event-types.js';

interface EventFiltersProps {
  search: EventSearch;
  onChange: (search: EventSearch) => void;
}

const ALL = 'all';

/** Narrows the event log; everything is in the page's address. */
export function EventFilters({ search, onChange }: EventFiltersProps) {
  const webhooks = useWebhooks().data ?? [];
  const seenVehicles = useSeenVehicles('events');
  return (
    <div className="filters">
      <TypeFilter value={search.type} onChange={(type) => onChange({ ...search, type })} />
      <div className="filter-fields">
        <SelectField
          label="Webhook"
          options={[
            { id: ALL, text: 'All webhooks' },
            ...webhooks.map(({ id, displayName, metricName }) => ({ id, text: displayName || metricName })),
          ]}
          value={search.webhook ?? ALL}
          onChange={(id) => onChange({ ...search, webhook: id === ALL ? undefined : id })}
        />
        <TimeFilter value={search} onChange={({ since, until }) => onChange({ ...search, since, until })} />
        <VehicleFilter
          key={search.vehicle}
          value={search.vehicle}
          known={seenVehicles}
          onChange={(vehicle) => onChange({ ...search, vehicle })}
        />
      </div>
      {Object.keys(search).length > 0 && (
        <div className="line">
          <Button kind="quiet" icon="filter" onPress={() => onChange({})}>
            Clear filters
          </Button>
        </div>
      )}
    </div>
  );
}

function TypeFilter({ value, onChange }: { value: string | undefined; onChange: (type: string | undefined) => void }) {
  const types = useData(['event-types'], (api, signal) => api.GET('/v1/event-types', { signal })).data;
  const groups = groupTypes(types?.data ?? []);
  const chosen = typesOf(value, groups);
  return (
    <>
      <FilterChips
        label="Kinds of entries"
        chips={groups.map(({ id, text, types: members }) => ({
          id,
          text,
          title: members.map(({ description }) => description).join(' '),
        }))}
        selected={groupsOf(chosen, groups)}
        onChange={(ids) => onChange(filterOf(chooseGroups(ids, chosen, groups), groups))}
      />
      <details className="single-types">
        <summary>Single types</summary>
        <div className="type-groups">
          {groups.map((group) => (
            <TypeGroup
              key={group.id}
              group={group}
              chosen={chosen}
              onChange={(next) => onChange(filterOf(next, groups))}
            />
          ))}
        </div>
      </details>
    </>
  );
}

function TypeGroup({
  group,
  chosen,
  onChange,
}: {
  group: EventGroup;
  chosen: ReadonlySet<string>;
  onChange: (chosen: Set<string>) => void;
}) {
  const toggle = (type: string, isOn: boolean): void => {
    const next = new Set(chosen);
    if (isOn) next.add(type);
    else next.delete(type);
    onChange(next);
  };
  return (
    <fieldset>
      <legend className="label">{group.text}</legend>
      {group.types.map(({ type, description }) => (
        <CheckField
          key={type}
          label={type}
          hint={description}
          value={chosen.has(type)}
          onChange={(isOn) => toggle(type, isOn)}
        />
      ))}
    </fieldset>
  );
}
