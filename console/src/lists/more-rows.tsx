import { Button } from '../parts/button.js';
import type { LiveList } from './use-live-rows.js';

/** Goes further down a live list; below what can be kept up to date, by another address. */
export function MoreRows({ list, onOlder }: { list: LiveList<unknown>; onOlder: () => void }) {
  if (!list.loadMore && !list.isFull) return null;
  return (
    <div className="more-rows">
      {list.loadMore ? (
        <Button onPress={list.loadMore} isPending={list.isLoadingMore}>
          Show more
        </Button>
      ) : (
        <Button onPress={onOlder}>Show older ones</Button>
      )}
    </div>
  );
}
