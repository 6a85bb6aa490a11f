import { useState } from 'react';
import type { KeyboardEvent } from 'react';
import { Input, Label, TextField as AriaTextField } from 'react-aria-components';
import { Below } from './field.js';
import type { Named } from './field.js';
import { limitNumber, numberText, readNumber, stepNumber } from './number-text.js';

interface NumberFieldProps extends Named {
  unit?: string;
  /** NaN for none. */
  value: number;
  onChange: (value: number) => void;
  min?: number;
  max?: number;
  step?: number;
  isRequired?: boolean;
}

/**
 * A number; empty is NaN. Not React Aria's: that one writes `innerHTML` when it speaks, which the policy forbids, and it
 * tells a value only when the field is left.
 */
export function NumberField({ label, unit, hint, problem, value, onChange, ...rest }: NumberFieldProps) {
  const { min = -Infinity, max = Infinity, step = 1, ...field } = rest;
  const [written, setWritten] = useState({ text: numberText(value), value, before: value });
  // What is typed stays as it is typed, also while it is no number; a value from elsewhere takes its place.
  const isOwn = Object.is(value, written.value) || Object.is(value, written.before);
  const tell = (text: string, wanted: number): void => {
    setWritten({ text, value: wanted, before: value });
    if (!Object.is(wanted, value)) onChange(wanted);
  };
  const settle = (): void => {
    const limited = limitNumber(value, { min, max });
    setWritten({ text: numberText(limited), value: limited, before: limited });
    if (!Object.is(limited, value)) onChange(limited);
  };
  const stepBy = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    const next = stepNumber(value, event.key === 'ArrowUp' ? step : -step, { min, max });
    tell(numberText(next), next);
  };
  return (
    <AriaTextField
      {...field}
      className="field"
      value={isOwn ? written.text : numberText(value)}
      onChange={(text) => tell(text, readNumber(text))}
      onBlur={settle}
      isInvalid={problem !== undefined}
      // Keyboards of telephones for decimals have no minus sign.
      {...(min >= 0 && { inputMode: 'decimal' })}
    >
      <Label className="label">
        {label} {unit && <span className="unit">({unit})</span>}
      </Label>
      <Input className="input numbers" onKeyDown={stepBy} />
      <Below hint={hint} problem={problem} />
    </AriaTextField>
  );
}
