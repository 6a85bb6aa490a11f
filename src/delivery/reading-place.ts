import type { DueDelivery } from '../store/due-delivery.js';
import { QUEUE_START } from '../store/queue.js';

type Place = typeof QUEUE_START;

interface Mark {
  place: Place;
  /** When it was set. */
  atMs: number;
}

const START: Mark = { place: QUEUE_START, atMs: -Infinity };

/**
 * How far the queue of one endpoint has been read. Reading goes on from the place *reached*, so that nobody steps over
 * what was deleted before it again and again. But who commits last is not always who began last: a row may appear behind
 * that place. So a bell looks back, to where reading had got one to two scans ago, and a scan begins at the *start*.
 */
export class ReadingPlace {
  private reached: Place = QUEUE_START;
  /** Where reading had got at the scan before the last, and at the last one. */
  private marks: readonly [Mark, Mark] = [START, START];
  private next: 'start' | 'mark' | 'reached' = 'start';

  /** Whether the next fetch begins at the queue's start. */
  get isAtStart(): boolean {
    return this.next === 'start';
  }

  /** Where the next fetch begins. What was read after `metSinceMs` is met again, if it is still queued. */
  get head(): Place & { metSinceMs: number } {
    const { place, atMs } = this.isAtStart ? START : this.marks[0];
    const isBack = this.isAtStart || (this.next === 'mark' && isBefore(place, this.reached));
    return isBack ? { ...place, metSinceMs: atMs } : { ...this.reached, metSinceMs: Infinity };
  }

  /** To be called with each scan, before it begins. */
  mark(nowMs: number): void {
    this.marks = [this.marks[1], this.isAtStart ? START : { place: this.reached, atMs: nowMs }];
  }

  /** The next fetch begins there, or where it was to begin anyway if that is earlier. */
  goBack(to: 'start' | 'mark'): void {
    if (!this.isAtStart) this.next = to;
  }

  /** The next fetch has brought these, in the order of the queue. */
  advance(rows: readonly DueDelivery[]): void {
    const last = rows.at(-1);
    if (last) this.reached = { afterDueAt: last.dueAt, afterId: last.id };
    else if (this.isAtStart) this.reached = QUEUE_START;
    this.next = 'reached';
  }
}

/** By the text of a time: the database writes all of them in ISO 8601 and in UTC. */
function isBefore(one: Place, other: Place): boolean {
  if (one.afterDueAt !== other.afterDueAt) return one.afterDueAt < other.afterDueAt;
  return one.afterId < other.afterId;
}
