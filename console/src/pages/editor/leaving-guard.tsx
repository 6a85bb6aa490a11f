import { useBlocker } from '@tanstack/react-router';
import { Confirm } from '../../parts/dialog.js';

/** Asks before the page is left with changes that would be lost. `isLeaving` says that they are meant to be. */
export function LeavingGuard({ isChanged, isLeaving }: { isChanged: boolean; isLeaving: () => boolean }) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: () => isChanged && !isLeaving(),
    enableBeforeUnload: () => isChanged && !isLeaving(),
    withResolver: true,
  });
  return (
    <Confirm
      title="Leave without saving?"
      verb="Discard changes"
      kind="danger"
      isOpen={status === 'blocked'}
      onClose={() => reset?.()}
      onConfirm={() => proceed?.()}
    >
      <p>What you changed here is not saved.</p>
    </Confirm>
  );
}
