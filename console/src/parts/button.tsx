import { createLink } from '@tanstack/react-router';
import type { ComponentProps, ReactNode, Ref } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import type { ButtonProps as AriaButtonProps } from 'react-aria-components';
import { Icon } from './icon.js';
import type { IconName } from './icon.js';

export type ButtonKind = 'primary' | 'plain' | 'quiet' | 'danger';

interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'children'> {
  kind?: ButtonKind;
  icon?: IconName;
  children: ReactNode;
}

/**
 * A verb with its object. While `isPending` it stays where it is, and cannot be pressed. React Aria's own way to do that
 * announces the button by its id for seconds, when it may be gone: an image without a name.
 */
export function Button({ kind = 'plain', icon, isPending = false, onPress, children, ...rest }: ButtonProps) {
  const pressed = isPending
    ? ({ 'aria-disabled': true, 'data-pending': true, type: 'button' } as const)
    : onPress && { onPress };
  return (
    <AriaButton {...rest} {...pressed} className={`button ${kind}`}>
      {icon && <Icon name={icon} />}
      {children}
    </AriaButton>
  );
}

interface IconButtonProps extends Omit<AriaButtonProps, 'className' | 'children' | 'aria-label'> {
  icon: IconName;
  /** Its name, which is not seen. */
  label: string;
}

/** A button without a word, where the drawing is known to all. */
export function IconButton({ icon, label, ...rest }: IconButtonProps) {
  return (
    <AriaButton {...rest} className="icon-button" aria-label={label}>
      <Icon name={icon} />
    </AriaButton>
  );
}

interface AnchorProps extends Omit<ComponentProps<'a'>, 'className'> {
  kind?: ButtonKind;
  icon?: IconName;
  ref?: Ref<HTMLAnchorElement>;
}

function Anchor({ kind = 'plain', icon, children, ...rest }: AnchorProps) {
  return (
    <a {...rest} className={`button ${kind}`}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  );
}

/** A link that looks like a button: it leads somewhere and changes nothing. */
export const LinkButton = createLink(Anchor);
