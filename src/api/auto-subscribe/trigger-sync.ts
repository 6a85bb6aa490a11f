import { setImmediate } from 'node:timers/promises';
import { newLogId } from '../../store/log-id.js';
import { BULK_SIZE } from '../../store/pages.js';
import type { SyncClaim } from '../../store/auto-syncs.js';
import type { ApiParts } from '../api-parts.js';
import { heldGrants } from '../subscriptions/permitted-vehicles.js';
import type { AskedOfLicense } from './asked-vehicles.js';

/** Subscriptions that are read at once. */
const SUBSCRIPTIONS_PAGE = 5_000;
/** Vehicles that are looked through without a break. */
const LOOKED_AT_ONCE = 10_000;

/** What the syncs of a license's triggers have in common. */
export interface TriggerSyncOptions {
  parts: Pick<ApiParts, 'subscriptions' | 'revocations' | 'autoSyncs' | 'permissions'>;
  claim: SyncClaim;
  /** All that is shared with the license, each with its place. */
  shared: ReadonlyMap<string, number>;
  /** Those of which nothing came. */
  asked: AskedOfLicense;
  /** Those that were granted for the same permissions in this round, for another trigger. */
  granted: Set<string>;
  refusedMax: number;
  /** Throws when this is the moment to stop. */
  goOn: () => void;
}

/** A trigger as it was when its vehicles were judged. */
export interface JudgedTrigger {
  id: string;
  revision: number;
  needed: readonly string[];
}

/** Why a trigger's sync came to its end before its vehicles did. */
type Ended = 'blind' | 'changed' | 'over_quota' | 'refused';

/**
 * One trigger's part of a sync. First its subscriptions are read, page by page: what is not shared any more is asked for,
 * and leaves when it is denied. Then what is shared and was not among them is asked for, and joins when it is granted. A
 * page of which nobody can say anything ends either part, and a trigger that is not what it was when it was read both.
 */
export class TriggerSync {
  joined = 0;
  left = 0;
  ended: Ended | undefined;
  private readonly joinEventId = newLogId();
  private readonly leaveEventId = newLogId();
  private readonly needed: string;
  private refused = 0;

  constructor(
    private readonly options: TriggerSyncOptions,
    private readonly trigger: JudgedTrigger,
  ) {
    this.needed = trigger.needed.join('\n');
  }

  /** Who listens is told of what was done however it ends. */
  async run(): Promise<void> {
    const { subscriptions } = this.options.parts;
    try {
      const isSubscribed = new Uint8Array(this.options.shared.size);
      await this.letLeave(isSubscribed);
      // Maybe of one vehicle alone, for ever: those that are to join are asked for all the same.
      if (this.ended === 'blind') this.ended = undefined;
      await this.letJoin(isSubscribed);
    } finally {
      if (this.joined > 0) await subscriptions.tell(this.joinEventId);
      if (this.left > 0) await subscriptions.tell(this.leaveEventId);
    }
  }

  private async letLeave(isSubscribed: Uint8Array): Promise<void> {
    const { parts, shared, asked } = this.options;
    const gone: string[] = [];
    for (let after: string | undefined; ;) {
      const page = { limit: SUBSCRIPTIONS_PAGE, ...(after === undefined ? {} : { after }) };
      const vehicles = await parts.subscriptions.vehicles(this.trigger.id, page);
      for (const vehicle of vehicles) {
        const place = shared.get(vehicle);
        if (place !== undefined) isSubscribed[place] = 1;
        else if (!asked.has(this.needed, vehicle)) gone.push(vehicle);
      }
      const isLast = vehicles.length < SUBSCRIPTIONS_PAGE;
      while (gone.length >= BULK_SIZE || (isLast && gone.length > 0)) {
        await this.leave(gone.splice(0, BULK_SIZE));
      }
      if (isLast || this.ended === 'changed') return;
      after = vehicles.at(-1);
      this.options.goOn();
      await setImmediate();
    }
  }

  private async letJoin(isSubscribed: Uint8Array): Promise<void> {
    const { shared, asked, granted } = this.options;
    const missing: string[] = [];
    for (const [vehicle, place] of shared) {
      if (place % LOOKED_AT_ONCE === LOOKED_AT_ONCE - 1) await setImmediate();
      if (isSubscribed[place] === 1) continue;
      if (granted.has(vehicle) || !asked.has(this.needed, vehicle)) missing.push(vehicle);
      if (missing.length === BULK_SIZE && !(await this.join(missing.splice(0)))) return;
    }
    if (missing.length > 0) await this.join(missing);
  }

  /** Does nothing when there is no point in it any more. */
  private async leave(vehicles: readonly string[]): Promise<void> {
    if (this.ended !== undefined) return;
    const { denied, granted } = await this.ask(vehicles);
    for (const vehicle of granted) this.options.asked.add(this.needed, vehicle);
    if (denied.length === 0) return;
    const { claim, parts } = this.options;
    const { id: triggerId, revision } = this.trigger;
    const left = await parts.revocations.revokeVehicles(
      {
        ...{ license: claim.license, triggerId, revision, vehicles: denied },
        ...{ subscribedUntil: claim.at, eventId: this.leaveEventId, countBefore: this.left },
      },
      (manager) => parts.autoSyncs.record(manager, claim),
    );
    if (left.kind !== 'ok') this.ended = 'changed';
    else this.left += left.vehicles.length;
  }

  /** Whether there is a point in going on. */
  private async join(vehicles: readonly string[]): Promise<boolean> {
    if (this.ended !== undefined) return false;
    const { claim, parts, granted, refusedMax } = this.options;
    const { id: triggerId, revision } = this.trigger;
    const outside = await parts.subscriptions.withoutRoom(claim.license, triggerId, vehicles);
    if (outside.length > 0) return this.end('over_quota');
    const unasked = vehicles.filter((vehicle) => !granted.has(vehicle));
    const verdicts = await this.ask(unasked);
    for (const vehicle of verdicts.granted) granted.add(vehicle);
    this.refuse(verdicts.denied);
    const joining = vehicles.filter((vehicle) => granted.has(vehicle));
    if (joining.length > 0) {
      const stepped = await parts.subscriptions.step(
        {
          ...{ actor: { license: claim.license, requestId: '' }, by: 'autoSubscribe', kind: 'subscribed' },
          ...{ triggerId, revision, vehicles: joining, eventId: this.joinEventId, countBefore: this.joined },
          ...heldGrants(parts.permissions, this.trigger.needed),
        },
        (manager) => parts.autoSyncs.record(manager, claim),
      );
      if (stepped.kind !== 'ok') return this.end('changed');
      this.joined += stepped.vehicles.length;
      this.refuse(stepped.withoutGrant);
      if (stepped.overQuota.length > 0) return this.end('over_quota');
    }
    return this.refused < refusedMax || this.end('refused');
  }

  private refuse(vehicles: readonly string[]): void {
    const { asked, granted } = this.options;
    for (const vehicle of vehicles) {
      granted.delete(vehicle);
      asked.add(this.needed, vehicle);
    }
    this.refused += vehicles.length;
  }

  private end(reason: Ended): false {
    this.ended ??= reason;
    return false;
  }

  /**
   * Past whatever is remembered: a yes from before a permission was withdrawn would let a vehicle join that has just
   * left. Where some are unknown these are asked for again in their turn; where all are, nothing more can be known now.
   */
  private async ask(vehicles: readonly string[]): Promise<{ granted: string[]; denied: string[] }> {
    const { parts, claim, asked, goOn } = this.options;
    const [granted, denied, unknown]: [string[], string[], string[]] = [[], [], []];
    if (vehicles.length === 0) return { granted, denied };
    goOn();
    const verdicts = await parts.permissions.check(claim.license, vehicles, this.trigger.needed, { fresh: true });
    goOn();
    await setImmediate();
    vehicles.forEach((vehicle, place) => {
      const verdict = verdicts[place];
      (verdict === 'granted' ? granted : verdict === 'denied' ? denied : unknown).push(vehicle);
    });
    if (unknown.length === vehicles.length) this.ended = 'blind';
    else for (const vehicle of unknown) asked.add(this.needed, vehicle);
    return { granted, denied };
  }
}
