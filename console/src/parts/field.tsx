import { useId } from 'react';
import type { ReactNode } from 'react';
import { Checkbox, FieldError, Input, Label, Text, TextArea, TextField as AriaTextField } from 'react-aria-components';
import { Icon } from './icon.js';

/** What each field has: a name, what is to be known before, and what is wrong now. */
export interface Named {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the value, and what to do. */
  problem?: string | undefined;
  isDisabled?: boolean;
}

/** What stands below a field: what is to be known, and what is wrong. */
export function Below({ hint, problem }: Pick<Named, 'hint' | 'problem'>) {
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
  onFocus?: () => void;
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

/** What is on or off. */
export interface YesNoProps extends Omit<Named, 'problem'> {
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
