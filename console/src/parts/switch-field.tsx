import { useId } from 'react';
import { Switch } from 'react-aria-components';
import type { YesNoProps } from './field.js';

/** Yes or no, at once. */
export function SwitchField({ label, hint, value, onChange, isDisabled = false }: YesNoProps) {
  const hintId = useId();
  return (
    <Switch
      className="switch"
      isSelected={value}
      onChange={onChange}
      isDisabled={isDisabled}
      {...(hint !== undefined && { 'aria-describedby': hintId })}
    >
      <span className="track" />
      <span>{label}</span>
      {hint && (
        <span className="hint" id={hintId}>
          {hint}
        </span>
      )}
    </Switch>
  );
}
