import { FilterChips } from '../../lists/filter-chips.js';
import { TimeFilter } from '../../lists/time-filter.js';
import { VehicleFilter } from '../../lists/vehicle-filter.js';
import { WebhookFilter } from '../../lists/webhook-filter.js';
import { Button } from '../../parts/button.js';
import { CheckField } from '../../parts/field.js';
import type { EventSearch } from './event-search.js';
import { chooseGroups, filterOf, groupsOf, groupTypes, typesOf } from './event-types.js';
import type { EventGroup } from './event-types.js';
import { useEventTypes } from './use-event-types.js';

interface EventFiltersProps {
  search: EventSearch;
  onChange: (search: EventSearch) => void;
}

/** Narrows the event log; everything is in the page's address. */
export function EventFilters({ search, onChange }: EventFiltersProps) {
  return (
    <div className="filters">
      <TypeFilter value={search.type} onChange={(type) => onChange({ ...search, type })} />
      <div className="filter-fields">
        <WebhookFilter value={search.webhook} onChange={(webhook) => onChange({ ...search, webhook })} />
        <TimeFilter value={search} onChange={({ since, until }) => onChange({ ...search, since, until })} />
        <VehicleFilter
          key={search.vehicle}
          value={search.vehicle}
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
  const groups = groupTypes(useEventTypes());
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
      <details className="more">
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
