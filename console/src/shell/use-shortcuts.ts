import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { lasting } from '../shelf.js';
import { Shortcuts } from './shortcuts.js';

const SWITCHED = 'tripline.shortcuts';

/** What takes letters; a switch or a box to tick does not. */
const TYPED_INTO = [
  'input:not([type=checkbox], [type=radio], [type=range])',
  'textarea, select, [role=listbox], [role=menu], [role=textbox]',
].join();

/** Whether single letters do anything: whoever dictates may switch them off (WCAG 2.1.4). */
export function areShortcutsOn(): boolean {
  return lasting.getItem(SWITCHED) !== 'off';
}

/** Switches single letters on or off, for this browser. */
export function switchShortcuts(isOn: boolean): void {
  if (isOn) lasting.removeItem(SWITCHED);
  else lasting.setItem(SWITCHED, 'off');
}

/** Hears the keys of the whole page; whether the help is open, and what closes it. */
export function useShortcuts(): { isHelpOpen: boolean; setHelpOpen: (isOpen: boolean) => void } {
  const navigate = useNavigate();
  const [isHelpOpen, setHelpOpen] = useState(false);
  useEffect(() => {
    const shortcuts = new Shortcuts();
    const hear = (event: KeyboardEvent): void => {
      if (!areShortcutsOn() || event.defaultPrevented || document.querySelector('[role=dialog]')) return;
      const meaning = shortcuts.read({
        key: event.key,
        isModified: event.ctrlKey || event.metaKey || event.altKey,
        isTyped: isTypedInto(event.target),
        atMs: event.timeStamp,
      });
      if (meaning.kind === 'go') void navigate({ to: meaning.to });
      if (meaning.kind === 'help') setHelpOpen(true);
      if (meaning.kind === 'filter') {
        event.preventDefault();
        document.querySelector<HTMLElement>('main [data-filter] input, main input[type=search]')?.focus();
      }
    };
    addEventListener('keydown', hear);
    return () => removeEventListener('keydown', hear);
  }, [navigate]);
  return { isHelpOpen, setHelpOpen };
}

function isTypedInto(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches(TYPED_INTO));
}
