import { setImmediate as othersTurn } from 'node:timers/promises';
import type { MetricKind } from '../core/catalog.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { IndexContents } from './index-contents.js';
import { SharedRead } from './shared-read.js';
import type { Changes } from './stores.js';
import type { IndexedTrigger } from './trigger-set.js';

/**
 * The engine's copy of all triggers and subscriptions, kept current by asking. Every control write numbers itself (`seq`)
 * and commits together with its number, so `refresh` before a fetched batch is evaluated is all it takes for a change to
 * hold for each record that was produced after the change was answered.
 *
 * Many changes come in pages. Each ends with a whole number of the sequence and is applied by itself, with a turn for
 * others before the next: 100,000 changes at once would stop every partition. So a chunk may be planned under part of
 * what there is. It is right to: the part is an earlier state of the tables, never one from before the caller's own
 * `refresh`; its `seq` is behind the head, so the commit looks whether the triggers that fired still stand. In one thing
 * a part is newer than its `seq`: a trigger comes as it is when its page is read. That is a change that has been
 * committed, held earlier than its turn, with an epoch of its own, and repeated under another epoch when its turn comes.
 */
export class TriggerIndex {
  private readonly log: Changes;
  private readonly notes: Log;
  private readonly metrics: Metrics;
  private contents = new IndexContents();
  private appliedSeq: bigint | undefined;
  private readonly catchingUp = new SharedRead(() => this.catchUp());

  /** `changes` is the store's log of changes, `log` says when the whole index had to be loaded again. */
  constructor(parts: { changes: Changes; log: Log; metrics: Metrics }) {
    this.log = parts.changes;
    this.notes = parts.log;
    this.metrics = parts.metrics;
  }

  /** The last change applied; 0 before `load`. */
  get seq(): bigint {
    return this.appliedSeq ?? 0n;
  }

  get size(): { triggers: number; subscriptions: number; sets: number } {
    return this.contents.size;
  }

  /**
   * Reads everything from one snapshot, page by page, and swaps it in at the end. Throws what the store throws; what was
   * there stays.
   */
  async load(): Promise<void> {
    const contents = new IndexContents();
    const seq = await this.log.load(contents.loader());
    this.contents = contents;
    this.reached(seq);
  }

  /**
   * Brings the index up to the head and resolves to the sequence it has then. The head is read after the call, for all who
   * wait for it together. Throws what the store throws, to all who waited for that read; pages that were applied stay, and
   * the next read goes on there.
   */
  refresh(): Promise<bigint> {
    return this.catchingUp.ask();
  }

  /** As `refresh`, for who has read the head since: nothing is asked when the index stands there. */
  async follow(head: bigint): Promise<void> {
    if (head !== this.appliedSeq) await this.refresh();
  }

  /** The enabled triggers on a metric of a vehicle, each as it is now. */
  triggersOf(vehicle: string, kind: MetricKind, metric: string): readonly IndexedTrigger[] {
    return this.contents.triggersOf(vehicle, kind, metric);
  }

  /** `triggersOf` for several metrics of one vehicle, at once; undefined for a vehicle without any trigger. */
  triggersBy(vehicle: string, kind: MetricKind): ((metric: string) => readonly IndexedTrigger[]) | undefined {
    return this.contents.triggersBy(vehicle, kind);
  }

  /** Whether `triggersBy` would find any, for each metric of one vehicle, at once. */
  watchedBy(vehicle: string, kind: MetricKind): ((metric: string) => boolean) | undefined {
    return this.contents.watchedBy(vehicle, kind);
  }

  /** Whether any trigger, enabled or not, is applied to the vehicle. */
  hasVehicle(vehicle: string): boolean {
    return this.contents.hasVehicle(vehicle);
  }

  private async catchUp(): Promise<bigint> {
    if (this.appliedSeq === undefined) await this.load();
    for (;;) {
      const answer = await this.log.since(this.seq);
      if (answer.kind === 'gap') {
        this.notes.warn({ seq: String(this.seq) }, 'changes that the index has not seen are gone; loading all of it');
        await this.load();
        return this.seq;
      }
      this.contents.apply(answer.changes);
      this.reached(answer.head);
      if (!answer.more) return answer.head;
      await othersTurn();
    }
  }

  private reached(seq: bigint): void {
    this.appliedSeq = seq;
    this.metrics.indexSeq.set(Number(seq));
    this.metrics.indexTriggers.set(this.contents.size.triggers);
    this.metrics.indexSubscriptions.set(this.contents.size.subscriptions);
  }
}
