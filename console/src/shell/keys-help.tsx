import { useState } from 'react';
import { Dialog } from '../parts/dialog.js';
import { SwitchField } from '../parts/switch-field.js';
import { PLACES } from './shortcuts.js';
import { areShortcutsOn, switchShortcuts } from './use-shortcuts.js';

const KEYS: readonly (readonly [string, string])[] = [
  ...Object.entries(PLACES).map(([key, { text }]) => [`g ${key}`, text] as const),
  ['n', 'New webhook'],
  ['/', 'To the filter of the page'],
  ['↑ ↓', 'From row to row, once one has the focus'],
  ['Ctrl Enter', 'Try the condition, in the editor'],
  ['Ctrl Space', 'Complete the word, in the editor'],
  ['Escape', 'Close what is open'],
  ['?', 'These keys'],
];

/** Which keys there are. */
export function KeysHelp({ onClose }: { onClose: () => void }) {
  const [isOn, setOn] = useState(areShortcutsOn);
  return (
    <Dialog title="Keys" isOpen onClose={onClose}>
      <dl className="keys">
        {KEYS.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <SwitchField
        label="Single letters do something"
        value={isOn}
        onChange={(value) => {
          switchShortcuts(value);
          setOn(value);
        }}
      />
    </Dialog>
  );
}
