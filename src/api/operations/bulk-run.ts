import { setImmediate, setTimeout } from 'node:timers/promises';
import { PermissionsUnavailable } from '../../access/permission-provider.js';
import { newLogId } from '../../store/log-id.js';
import { FAILED_KEPT_MAX } from '../../store/operations.js';
import type {
  BulkCall,
  BulkCallState,
  BulkProgress,
  ClaimedOperation,
  OperationClaim,
} from '../../store/operations.js';
import { BULK_SIZE } from '../../store/pages.js';
import type { ApiParts } from '../api-parts.js';
import { Problem, unavailable, webhookAlwaysChanging, webhookNotFound } from '../problem.js';
import { neededPermissions } from '../subscriptions/needed-permissions.js';
import { advanced, refusedLate } from './advanced.js';
import type { BulkLimits } from './bulk-limits.js';
import type { BulkTimes } from './bulk-times.js';
import { isSubscribing, PageJudge } from './page-judge.js';
import type { Judged } from './page-judge.js';
import { sharedVehicles } from './shared-vehicles.js';
import { Turns } from './turns.js';

/** A trigger is seldom changed while vehicles are subscribed to it; more than this is a loop somewhere. */
const STEP_ATTEMPTS_MAX = 4;

export interface RunOptions {
  parts: Pick<ApiParts, 'catalog' | 'triggers' | 'subscriptions' | 'operations' | 'permissions' | 'vehicleNft' | 'log'>;
  times: BulkTimes;
  limits: BulkLimits;
  /** Aborted when the process ends. */
  stopping: AbortSignal;
}

/** The process ends or has enough to do; what is left of the call is another's. */
export class RunStopped extends Error {
  override readonly name = 'RunStopped';
}

/**
 * One bulk call, from its list of vehicles to the last page of it. Each page is judged, then changed in a transaction of
 * its own; between two pages everything else that the process has to do gets a turn.
 *
 * *Asked for*: its list is here, and whoever asked waits; what goes wrong is thrown at them, and dies with the process.
 * *Kept*: after `keep` all of it is an operation of the store, recorded step by step, and what goes wrong is told by the
 * operation. There is no way back.
 */
export class BulkRun {
  private readonly turns = new Turns();
  private readonly leaving = new AbortController();
  /** Aborted when the call is to be left to another process. */
  private readonly stopping: AbortSignal;
  private readonly judge: PageJudge;
  private isOver = false;

  private constructor(
    private readonly options: RunOptions,
    private readonly state: BulkCallState,
    /** The list while it is only here. */
    private vehicles: readonly string[],
    private held: OperationClaim | undefined,
  ) {
    this.stopping = AbortSignal.any([options.stopping, this.leaving.signal]);
    this.judge = new PageJudge(options.parts, state.call, options.times);
  }

  /** A call that was made just now; without vehicles when it names them itself. */
  static asked(options: RunOptions, call: BulkCall, vehicles?: readonly string[]): BulkRun {
    const progress: BulkProgress = { place: 0, done: 0, changed: 0, already: 0, failed: [], failedCount: 0 };
    const state: BulkCallState = { call, eventId: newLogId(), progress, total: vehicles?.length };
    return new BulkRun(options, state, vehicles ?? [], undefined);
  }

  /** An operation that another process has begun. */
  static claimed(options: RunOptions, found: ClaimedOperation): BulkRun {
    return new BulkRun(options, found.state, [], found.claim);
  }

  get claim(): OperationClaim | undefined {
    return this.held;
  }

  get call(): BulkCall {
    return this.state.call;
  }

  get progress(): BulkProgress & { total: number } {
    const { progress, total } = this.state;
    return { ...progress, total: Math.max(total ?? 0, progress.done) };
  }

  /**
   * Resolves when the call has ended. Throws a `Problem` while somebody waits for it; `RunStopped`, `OperationLost` and
   * what the database throws leave a kept call to another process, or another time.
   */
  async work(): Promise<void> {
    try {
      await this.workThrough();
      await this.end();
    } catch (error) {
      // In its turn: it may be being kept at this moment, and then nobody waits any more.
      await this.turns.run(async () => {
        this.isOver = true;
        if (this.held === undefined || !(error instanceof Problem)) throw error;
        await this.complete(error);
      });
    }
  }

  /** Makes an operation of the call; its id, undefined when there is nothing left to do. */
  keep(): Promise<string | undefined> {
    return this.turns.run(async () => {
      if (this.isOver) return undefined;
      const left = this.vehicles.slice(this.state.progress.place * BULK_SIZE);
      this.held = await this.options.parts.operations.create(this.state, left);
      this.vehicles = [];
      return this.held.id;
    });
  }

  /** Ends a call that nobody waits for any more and that could not be kept, with its next step. */
  abandon(): void {
    this.isOver = true;
  }

  /** Leaves a kept call to another process as soon as nothing of it is half done. */
  leave(): void {
    this.leaving.abort();
  }

  /** Ends an operation that nobody gets anywhere with; what is left of it was not looked at. */
  giveUp(): Promise<void> {
    return this.complete(new Problem(500, { message: 'It failed again and again' }));
  }

  /** Who listens is told of what was done; an operation does that itself. */
  async tell(): Promise<void> {
    if (this.held !== undefined || this.state.progress.changed === 0) return;
    await this.options.parts.subscriptions.tell(this.state.eventId);
  }

  private async workThrough(): Promise<void> {
    const { parts } = this.options;
    if (this.state.progress.place === 0) await neededPermissions(parts, this.call.actor.license, this.call.triggerId);
    if (this.state.total === undefined) await this.list();
    for (;;) {
      this.goOn();
      const vehicles = await this.turns.run(() => this.nextPage());
      if (vehicles === undefined) return;
      await this.change(vehicles);
      await setImmediate();
    }
  }

  private nextPage(): Promise<string[] | undefined> {
    const { place } = this.state.progress;
    if (this.held !== undefined) return this.options.parts.operations.page(this.held, place);
    const page = this.vehicles.slice(place * BULK_SIZE, (place + 1) * BULK_SIZE);
    return Promise.resolve(page.length === 0 ? undefined : page);
  }

  /** Reads the list of a call that names its vehicles itself: whole, before the first is changed. */
  private async list(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        const vehicles = await this.namedVehicles();
        return await this.turns.run(() => this.setVehicles(vehicles));
      } catch (error) {
        if (!(error instanceof PermissionsUnavailable)) throw error;
        const failure = unavailable(
          'Failed to get shared vehicles',
          'The list of shared vehicles cannot be had at the moment.',
        );
        if (this.held === undefined || (await this.stalledForMs()) >= this.options.times.outageMs) throw failure;
        await this.pause(attempt);
      }
    }
  }

  private async namedVehicles(): Promise<string[]> {
    const { parts } = this.options;
    const { kind, triggerId } = this.call;
    if (kind === 'subscribe_shared') return this.sharedVehicles();
    const vehicles: string[] = [];
    for (let after: string | undefined; ; after = vehicles.at(-1)) {
      const page = { limit: BULK_SIZE, ...(after === undefined ? {} : { after }) };
      const some = await parts.subscriptions.vehicles(triggerId, page);
      vehicles.push(...some);
      if (some.length < BULK_SIZE) return vehicles;
      this.goOn();
    }
  }

  private sharedVehicles(): Promise<string[]> {
    const { parts, limits } = this.options;
    const onPage = () => this.goOn();
    return sharedVehicles(parts, this.call.actor.license, { max: limits.sharedVehiclesMax, onPage });
  }

  private async setVehicles(vehicles: string[]): Promise<void> {
    if (this.held === undefined) this.vehicles = vehicles;
    else await this.options.parts.operations.setVehicles(this.held, vehicles);
    this.state.total = vehicles.length;
  }

  /** Does one page: judged and changed again when the trigger changed between the two. */
  private async change(vehicles: readonly string[]): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const judged = await this.judge.sort(vehicles);
      this.goOn();
      if (this.held !== undefined && (await this.judge.mustWait(judged, () => this.stalledForMs()))) {
        await this.pause(attempt);
        continue;
      }
      const stepped = await this.turns.run(() => this.step(judged));
      if (stepped === 'ok') return;
      if (stepped === 'not_found') throw webhookNotFound();
      if (this.held !== undefined) await this.pause(attempt);
      else if (attempt + 1 >= STEP_ATTEMPTS_MAX) throw webhookAlwaysChanging();
    }
  }

  private async step({ granted, failed, judged }: Judged): Promise<'ok' | 'not_found' | 'changed'> {
    const { subscriptions, operations } = this.options.parts;
    const { call, eventId, progress: before } = this.state;
    let after = before;
    const held = this.held;
    const stepped = await subscriptions.step(
      {
        ...{ actor: call.actor, triggerId: call.triggerId, eventId, countBefore: before.changed, vehicles: granted },
        kind: isSubscribing(call.kind) ? 'subscribed' : 'unsubscribed',
        ...judged,
      },
      async (manager, changed, refused) => {
        const late = refusedLate(refused);
        const page = {
          changed: changed.length,
          granted: granted.length - late.length,
          failed: [...failed, ...late],
        };
        after = advanced(before, page, this.options.limits.failedNamedMax);
        if (held !== undefined) await operations.record(manager, held, { before, after });
      },
    );
    if (stepped.kind !== 'ok') return stepped.kind;
    this.state.progress = after;
    return 'ok';
  }

  private end(): Promise<void> {
    return this.turns.run(async () => {
      if (this.held !== undefined) await this.complete();
      this.isOver = true;
    });
  }

  /** Ends an operation. Vehicles whose permissions could not be had have failed; what else is left was not looked at. */
  private async complete(problem?: Problem): Promise<void> {
    const held = this.held!;
    if (problem?.options.kind === 'temporarily-unavailable') this.state.progress = await this.withTheRestFailed(held);
    const error = problem === undefined ? {} : { error: problem.message };
    await this.options.parts.operations.complete(held, this.state.eventId, { progress: this.state.progress, ...error });
  }

  private async withTheRestFailed(held: OperationClaim): Promise<BulkProgress> {
    const { progress, total = 0 } = this.state;
    const failed = [...progress.failed];
    for (let { place } = progress; failed.length < FAILED_KEPT_MAX; place++) {
      const page = await this.options.parts.operations.page(held, place);
      if (page === undefined) break;
      failed.push(...page.map((vehicle) => ({ vehicle, verdict: 'unknown' as const })));
    }
    const left = total - progress.done;
    return { ...progress, done: total, failed, failedCount: progress.failedCount + left };
  }

  private stalledForMs(): Promise<number> {
    return this.options.parts.operations.stalledForMs(this.held!);
  }

  private async pause(attempt: number): Promise<void> {
    const { pauseMs, pauseMaxMs } = this.options.times;
    const signal = this.stopping;
    await setTimeout(Math.min(pauseMs * 2 ** attempt, pauseMaxMs), undefined, { signal }).catch(() => undefined);
    this.goOn();
  }

  /** Throws when this is the moment to stop: while somebody waits it is not, unless they were given up. */
  private goOn(): void {
    if (this.isOver || (this.stopping.aborted && this.held !== undefined)) throw new RunStopped();
  }
}
