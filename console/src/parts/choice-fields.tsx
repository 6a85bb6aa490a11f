import {
  Button,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Radio,
  RadioGroup,
  Select,
  SelectValue,
} from 'react-aria-components';
import { Below } from './field.js';
import type { Named } from './field.js';
import { Icon } from './icon.js';

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
