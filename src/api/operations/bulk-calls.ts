import { setTimeout } from 'node:timers/promises';
import { OperationLost } from '../../store/operations.js';
import type { BulkCall, BulkProgress, OperationClaim } from '../../store/operations.js';
import type { ApiParts } from '../api-parts.js';
import { BackgroundWork } from '../background-work.js';
import { BULK_LIMITS } from './bulk-limits.js';
import type { BulkLimits } from './bulk-limits.js';
import { BulkRun, RunStopped } from './bulk-run.js';
import type { RunOptions } from './bulk-run.js';
import { BULK_TIMES } from './bulk-times.js';
import type { BulkTimes } from './bulk-times.js';
import { OpenCalls } from './open-calls.js';

type Parts = RunOptions['parts'] & Pick<ApiParts, 'bulkTimes' | 'bulkLimits'>;

export type BulkOutcome =
  { kind: 'done'; progress: BulkProgress & { total: number } } | { kind: 'continues'; operationId: string };

/**
 * The bulk calls of this process: those that somebody waits for, and those that go on in the background, its own and
 * what it takes over of processes that died. Nest starts it with the application, and stops it before the server closes:
 * calls that are under way are then answered as what goes on, and given back.
 */
export class BulkCalls {
  private readonly times: BulkTimes;
  private readonly limits: BulkLimits;
  private readonly work = new BackgroundWork();
  private readonly open: OpenCalls;
  /** Those of this process that go on after their answer, and those that were another's: neither keeps out the others. */
  private readonly own = new Set<BulkRun>();
  private readonly takenOver = new Set<BulkRun>();

  constructor(private readonly parts: Parts) {
    this.times = { ...BULK_TIMES, ...parts.bulkTimes };
    this.limits = { ...BULK_LIMITS, ...parts.bulkLimits };
    this.open = new OpenCalls(parts.operations, this.limits.openPerLicenseMax);
  }

  onModuleInit(): void {
    this.work.begin(this.times, { keepAlive: () => this.keepAlive(), scan: () => this.scan() });
  }

  /** Resolves when what was under way has been given back. */
  onModuleDestroy(): Promise<void> {
    return this.work.stop();
  }

  /**
   * Runs a call, in the background when it takes longer than its caller waits. Throws its problem, and a 429 when the
   * license has too many that have not ended.
   */
  call(call: BulkCall, vehicles?: readonly string[]): Promise<BulkOutcome> {
    const run = () => this.runCall(BulkRun.asked(this.runOptions, call, vehicles));
    return this.work.follow(this.open.take(call.actor.license, run));
  }

  private async runCall(run: BulkRun): Promise<BulkOutcome> {
    const work = run.work();
    try {
      if (await this.isDoneInTime(work)) return { kind: 'done', progress: run.progress };
      const operationId = await run.keep();
      if (operationId !== undefined) {
        this.parts.log.info(fieldsOf(run), 'a bulk call goes on after its answer');
        if (this.own.size >= this.limits.ownMax) run.leave();
        void this.work.follow(this.goOn(run, work, this.own));
        return { kind: 'continues', operationId };
      }
      await work;
      return { kind: 'done', progress: run.progress };
    } catch (error) {
      run.abandon();
      await work.catch(() => undefined);
      throw error;
    } finally {
      await run.tell();
    }
  }

  private async isDoneInTime(work: Promise<void>): Promise<boolean> {
    const waited = new AbortController();
    const signal = AbortSignal.any([waited.signal, this.work.stopped]);
    const late = setTimeout(this.times.answerMs, false, { signal }).catch(() => false);
    try {
      return await Promise.race([work.then(() => true), late]);
    } finally {
      waited.abort();
    }
  }

  /** Sees a kept call through to its end, or gives it back. Never rejects. */
  private async goOn(run: BulkRun, work: Promise<void>, those: Set<BulkRun>): Promise<void> {
    const { log } = this.parts;
    those.add(run);
    try {
      await work;
      log.info(fieldsOf(run), 'a bulk call that went on has ended');
    } catch (error) {
      if (error instanceof OperationLost) log.info(fieldsOf(run), 'a bulk call is another process’s now');
      else await this.giveBack(run, run.claim!, error);
    } finally {
      those.delete(run);
    }
  }

  private async giveBack(run: BulkRun, claim: OperationClaim, reason: unknown): Promise<void> {
    const { log, operations } = this.parts;
    const isFailed = !(reason instanceof RunStopped);
    if (isFailed) log.warn({ ...fieldsOf(run), err: reason }, 'a bulk call was interrupted; it is tried again later');
    else log.info(fieldsOf(run), 'a bulk call is left to another process');
    await operations.giveBack(claim, { isFailed }).catch((error: unknown) => {
      log.warn(
        { ...fieldsOf(run), err: error },
        'a bulk call could not be given back; it is free when its time is over',
      );
    });
  }

  /** Takes what nobody holds. */
  private async scan(): Promise<void> {
    try {
      while (!this.work.stopped.aborted && this.takenOver.size < this.limits.takenOverMax) {
        const found = await this.parts.operations.claim();
        if (found === undefined) return;
        const run = BulkRun.claimed(this.runOptions, found);
        if (found.isHopeless) this.parts.log.warn(fieldsOf(run), 'a bulk call that fails again and again is ended');
        else this.parts.log.info(fieldsOf(run), 'a bulk call that nobody holds is taken over');
        void this.work.follow(this.goOn(run, found.isHopeless ? run.giveUp() : run.work(), this.takenOver));
      }
    } catch (error) {
      this.parts.log.warn({ err: error }, 'bulk calls that nobody holds could not be looked for');
    }
  }

  private async keepAlive(): Promise<void> {
    try {
      await this.parts.operations.keepAlive([...this.own, ...this.takenOver].map((run) => run.claim!));
    } catch (error) {
      this.parts.log.warn({ err: error }, 'bulk calls could not be kept alive');
    }
  }

  private get runOptions(): RunOptions {
    return { parts: this.parts, times: this.times, limits: this.limits, stopping: this.work.stopped };
  }
}

function fieldsOf({ claim, call, progress }: BulkRun): object {
  const { done, total, changed, already, failedCount: failed } = progress;
  const { license, requestId } = call.actor;
  return {
    ...{ operation: claim?.id, kind: call.kind, license, trigger: call.triggerId, requestId },
    ...{ done, total, changed, already, failed },
  };
}
