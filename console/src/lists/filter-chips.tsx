import { ToggleButton, ToggleButtonGroup } from 'react-aria-components';
import './lists.css';

/** What one chip stands for. */
export interface Chip {
  id: string;
  text: string;
  /** More about it, for whoever points at it. */
  title?: string;
}

/** Filters by a few values, any number of them at once; none means all. */
export function FilterChips({
  label,
  chips,
  selected,
  onChange,
}: {
  label: string;
  chips: readonly Chip[];
  selected: readonly string[];
  onChange: (selected: string[]) => void;
}) {
  return (
    <ToggleButtonGroup
      className="chips"
      aria-label={label}
      selectionMode="multiple"
      selectedKeys={selected}
      onSelectionChange={(keys) => onChange([...keys].map(String))}
    >
      {chips.map(({ id, text, title }) => (
        <ToggleButton key={id} id={id} className="chip">
          <span title={title}>{text}</span>
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
