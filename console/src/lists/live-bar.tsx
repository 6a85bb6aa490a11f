import { Button } from '../parts/button.js';
import { plural } from '../parts/format.js';
import './lists.css';

/** Stops a live list and lets it go on. */
export function PauseButton({ isPaused, onChange }: { isPaused: boolean; onChange: (isPaused: boolean) => void }) {
  return (
    <Button icon={isPaused ? 'play' : 'pause'} onPress={() => onChange(!isPaused)}>
      {isPaused ? 'Resume updates' : 'Pause updates'}
    </Button>
  );
}

/** Says that newer rows wait above a list that is held, and shows them. */
export function WaitingRows({ count, onShow }: { count: number; onShow: () => void }) {
  const show = (): void => {
    onShow();
    scrollTo({ top: 0 });
  };
  return (
    <>
      {/* Spoken once, not with each further row. */}
      <span className="hidden-text" role="status">
        {count > 0 && 'There are new entries.'}
      </span>
      {count > 0 && (
        <div className="waiting-rows">
          <Button kind="primary" icon="upload" onPress={show}>
            {plural(count, 'new', 'new')}
          </Button>
        </div>
      )}
    </>
  );
}
