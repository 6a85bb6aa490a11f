import { ToggleButton, ToggleButtonGroup } from 'react-aria-components';
import type { DeliverySearch } from './delivery-search.js';

/** Deliveries one by one, or those that did not arrive by cause. */
export function ViewSwitch({
  search,
  onChange,
}: {
  search: DeliverySearch;
  onChange: (search: DeliverySearch) => void;
}) {
  return (
    <ToggleButtonGroup
      className="chips"
      aria-label="Show"
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[search.view ?? 'list']}
      onSelectionChange={(keys) => onChange({ ...search, view: keys.has('causes') ? 'causes' : undefined })}
    >
      <ToggleButton id="list" className="chip">
        One by one
      </ToggleButton>
      <ToggleButton id="causes" className="chip">
        Failures by cause
      </ToggleButton>
    </ToggleButtonGroup>
  );
}
