import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { Button, IconButton } from './button.js';
import type { ButtonKind } from './button.js';
import { ProblemNotice } from './notice.js';

interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  actions?: ReactNode;
  isWide?: boolean;
  children: ReactNode;
}

/** Stands over the page until it is closed: by its cross, by Escape, or by a press beside it. */
export function Dialog({ title, isOpen, onClose, actions, isWide = false, children }: DialogProps) {
  const dialog = useStrayKeys(onClose);
  return (
    <ModalOverlay className="veil" isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable>
      <Modal className={isWide ? 'dialog wide' : 'dialog'}>
        <AriaDialog ref={dialog}>
          <DialogHead title={title} onClose={onClose} />
          {children}
          {actions && <div className="dialog-actions">{actions}</div>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

function DialogHead({ title, onClose }: { title: string; onClose: () => void }) {
  return (
    <div className="dialog-head">
      <Heading slot="title" level={2}>
        {title}
      </Heading>
      <IconButton icon="cross" label="Close" onPress={onClose} />
    </div>
  );
}

interface ConfirmProps {
  title: string;
  /** What the button says: the verb with its object. */
  verb: string;
  kind?: ButtonKind;
  isOpen: boolean;
  onClose: () => void;
  onConfirm: () => void;
  isPending?: boolean;
  /** Why it did not work. */
  error?: Error | null;
  children?: ReactNode;
}

/** Asks before something that cannot be taken back. */
export function Confirm({
  verb,
  kind = 'primary',
  isPending = false,
  error,
  onConfirm,
  children,
  ...rest
}: ConfirmProps) {
  return (
    <Dialog
      {...rest}
      actions={
        <>
          <Button onPress={rest.onClose}>Cancel</Button>
          <Button kind={kind} onPress={onConfirm} isPending={isPending}>
            {verb}
          </Button>
        </>
      }
    >
      {children}
      {error && <ProblemNotice error={error} />}
    </Dialog>
  );
}

interface SidePanelProps {
  title: string;
  onClose: () => void;
  actions?: ReactNode;
  children: ReactNode;
}

/** One thing of a list, over the list. Escape closes it, and the focus is where it was. */
export function SidePanel({ title, onClose, actions, children }: SidePanelProps) {
  const dialog = useStrayKeys(onClose);
  return (
    <ModalOverlay className="veil at-side" isOpen onOpenChange={(open) => !open && onClose()} isDismissable>
      <Modal className="side-panel">
        <AriaDialog ref={dialog}>
          <DialogHead title={title} onClose={onClose} />
          {actions && <div className="line">{actions}</div>}
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/**
 * What has the focus in a dialog may go while the dialog stays, and with it the focus. Keys are for the dialog still: Escape
 * closes it, Tab goes on in it.
 */
function useStrayKeys(onClose: () => void) {
  const dialog = useRef<HTMLElement>(null);
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => {
      const isTop = [...document.querySelectorAll('[role=dialog]')].at(-1) === dialog.current;
      if (document.activeElement !== document.body || !isTop || dialog.current === null) return;
      if (event.key === 'Escape') close.current();
      else if (event.key === 'Tab') dialog.current.focus();
    };
    document.addEventListener('keydown', hear);
    return () => document.removeEventListener('keydown', hear);
  }, []);
  return dialog;
}
