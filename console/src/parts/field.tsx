import { useId, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import {
  Button,
  Checkbox,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Radio,
  RadioGroup,
  Select,
  SelectValue,
  Switch,
  Text,
  TextArea,
  TextField as AriaTextField,
} from 'react-aria-components';
import { Icon } from './icon.js';
import { limitNumber, numberText, readNumber, stepNumber } from './number-text.js';

/** What each field has: a name, what is to be known before, and what is wrong now. */
interface Named {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the value, and what to do. */
  problem?: string | undefined;
  isDisabled?: boolean;
}

function Below({ hint, problem }: Pick<Named, 'hint' | 'problem'>) {
  return (
    <>
      {hint && (
        <Text slot="description" className="hint">
          {hint}
        </Text>
      )}
      <FieldError className="fault">
        <Icon name="alert" />
        {problem}
      </FieldError>
    </>
  );
}

interface TextFieldProps extends Named {
  value: string;
  onChange: (value: string) => void;
  isRequired?: boolean;
  type?: 'text' | 'url' | 'password' | 'search' | 'datetime-local';
  /** More than one makes an area of so many lines. */
  lines?: number;
  /** For what is read by machines. */
  isMono?: boolean;
  placeholder?: string;
  name?: string;
  autoComplete?: string;
  isReadOnly?: boolean;
  onBlur?: () => void;
}

/** A text. */
export function TextField({ label, hint, problem, lines = 1, isMono = false, placeholder, ...rest }: TextFieldProps) {
  const className = isMono ? 'input mono' : 'input';
  return (
    <AriaTextField {...rest} className="field" isInvalid={problem !== undefined} spellCheck="false">
      <Label className="label">{label}</Label>
      {lines > 1 ? (
        <TextArea className={className} rows={lines} placeholder={placeholder} />
      ) : (
        <Input className={className} placeholder={placeholder} />
      )}
      <Below hint={hint} problem={problem} />
    </AriaTextField>
  );
}

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

/** One of several values. */
export interface Option<Id extends string = string> {
  id: Id;
  text: string;
  detail?: string;
}

interface SelectFieldProps<Id extends string> extends Named {
  options: readonly Option<Id>[];
  value: Id | null;
  onChange: (value: Id) => void;
  placeholder?: string;
}

/** One of many: a list that opens. */
export function SelectField<Id extends string>({
  label,
  hint,
  problem,
  options,
  value,
  ...rest
}: SelectFieldProps<Id>) {
  const { onChange, placeholder, isDisabled = false } = rest;
  return (
    <Select
      className="field"
      value={value}
      onChange={(key) => key !== null && onChange(String(key) as Id)}
      isInvalid={problem !== undefined}
      isDisabled={isDisabled}
      placeholder={placeholder ?? 'Choose'}
    >
      <Label className="label">{label}</Label>
      <Button className="input select">
        <SelectValue />
        <Icon name="down" />
      </Button>
      <Below hint={hint} problem={problem} />
      <Popover className="pop">
        <ListBox items={options}>
          {(option) => (
            <ListBoxItem id={option.id} textValue={option.text} className="option">
              <span>{option.text}</span>
              {option.detail && <small>{option.detail}</small>}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}

interface YesNoProps extends Omit<Named, 'problem'> {
  value: boolean;
  onChange: (value: boolean) => void;
}

/** Yes or no, as part of a form that is sent. */
export function CheckField({ label, hint, value, onChange, isDisabled = false }: YesNoProps) {
  const hintId = useId();
  return (
    <Checkbox
      className="check"
      isSelected={value}
      onChange={onChange}
      isDisabled={isDisabled}
      {...(hint !== undefined && { 'aria-describedby': hintId })}
    >
      <span className="box">
        <Icon name="check" />
      </span>
      <span>{label}</span>
      {hint && (
        <span className="hint" id={hintId}>
          {hint}
        </span>
      )}
    </Checkbox>
  );
}

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

interface ChoiceFieldProps<Id extends string> extends Named {
  options: readonly Option<Id>[];
  value: Id;
  onChange: (value: Id) => void;
}

/** One of few, all of them seen. */
export function ChoiceField<Id extends string>({
  label,
  hint,
  problem,
  options,
  value,
  ...rest
}: ChoiceFieldProps<Id>) {
  const { onChange, isDisabled = false } = rest;
  return (
    <RadioGroup
      className="field"
      value={value}
      onChange={(id) => onChange(id as Id)}
      isInvalid={problem !== undefined}
      isDisabled={isDisabled}
    >
      <Label className="label">{label}</Label>
      {options.map((option) => (
        <Radio key={option.id} value={option.id} className="choice">
          <span className="box">
            <Icon name="check" />
          </span>
          <span>{option.text}</span>
          {option.detail && <span className="hint">{option.detail}</span>}
        </Radio>
      ))}
      <Below hint={hint} problem={problem} />
    </RadioGroup>
  );
}
