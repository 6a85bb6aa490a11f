import { SyncLost } from '../../store/auto-syncs.js';
import type { SyncClaim } from '../../store/auto-syncs.js';
import type { ApiParts } from '../api-parts.js';
import { BackgroundWork } from '../background-work.js';
import { BULK_LIMITS } from '../operations/bulk-limits.js';
import { AskedVehicles } from './asked-vehicles.js';
import { AUTO_SUBSCRIBE_LIMITS } from './auto-subscribe-limits.js';
import type { AutoSubscribeLimits } from './auto-subscribe-limits.js';
import { syncLicense } from './license-sync.js';
import type { LicenseSyncOptions, SyncedCounts } from './license-sync.js';

type Parts = LicenseSyncOptions['parts'] & Pick<ApiParts, 'autoSubscribe' | 'bulkLimits'>;

/** The process ends; the license is another's. */
class SyncStopped extends Error {
  override readonly name = 'SyncStopped';
}

/**
 * Lets vehicles join and leave by themselves: this process's share of the licenses that are due, a few at a time. Nest
 * starts it with the application, and stops it before the server closes. A license whose sync fails is due again after
 * twice as long each time; it keeps no other from its turn.
 */
export class AutoSubscriber {
  private readonly limits: AutoSubscribeLimits;
  private readonly asked: AskedVehicles;
  private readonly work = new BackgroundWork();
  private readonly held = new Set<SyncClaim>();
  /** Those of the parts; an answer that takes long does not hold up the end. */
  private readonly permissions: Parts['permissions'];

  constructor(private readonly parts: Parts) {
    this.limits = { ...AUTO_SUBSCRIBE_LIMITS, ...parts.autoSubscribe };
    this.asked = new AskedVehicles(this.limits.rememberedMax);
    const { permissions } = parts;
    this.permissions = {
      grantsDecide: permissions.grantsDecide,
      check: (...question) => this.unlessStopped(permissions.check(...question)),
      sharedVehicles: (license) => permissions.sharedVehicles(license),
    };
  }

  onModuleInit(): void {
    this.work.begin(this.limits, { keepAlive: () => this.keepAlive(), scan: () => this.scan() });
  }

  /** Resolves when what was under way has been given back. */
  onModuleDestroy(): Promise<void> {
    return this.work.stop();
  }

  private async scan(): Promise<void> {
    try {
      while (!this.work.stopped.aborted && this.held.size < this.limits.licensesMax) {
        const claim = await this.parts.autoSyncs.claim();
        if (claim === undefined) return;
        this.held.add(claim);
        void this.work.follow(this.sync(claim));
      }
    } catch (error) {
      this.parts.log.warn({ err: error }, 'licenses whose vehicles join by themselves could not be looked for');
    }
  }

  /** Never rejects. */
  private async sync(claim: SyncClaim): Promise<void> {
    try {
      await this.end(claim, await this.round(claim));
    } catch (error) {
      // It is free when its time is over.
      const fields = { err: error, license: claim.license };
      this.parts.log.warn(fields, 'a license whose vehicles join by themselves could not be given back');
    } finally {
      this.held.delete(claim);
      this.asked.trim();
      this.work.scan();
    }
  }

  private async round(claim: SyncClaim): Promise<{ kind: 'ok'; tookMs: number } | { kind: 'failed' | 'left' }> {
    const { parts, limits } = this;
    const startedAtMs = performance.now();
    const { sharedVehiclesMax } = { ...BULK_LIMITS, ...parts.bulkLimits };
    try {
      const counts = await syncLicense({
        ...{ claim, limits: { ...limits, sharedVehiclesMax }, asked: this.asked.of(claim.license) },
        parts: { ...parts, permissions: this.permissions },
        goOn: () => {
          if (this.work.stopped.aborted) throw new SyncStopped();
        },
      });
      this.report(claim, counts);
      return { kind: 'ok', tookMs: performance.now() - startedAtMs };
    } catch (error) {
      if (error instanceof SyncStopped) return { kind: 'left' };
      const fields = { err: error, license: claim.license };
      if (error instanceof SyncLost) {
        parts.log.info(
          { license: claim.license },
          'a license whose vehicles join by themselves is another process’s now',
        );
        return { kind: 'left' };
      }
      if (claim.failures === 0) parts.log.warn(fields, 'vehicles could not join by themselves; it is tried again');
      return { kind: 'failed' };
    }
  }

  private async end(claim: SyncClaim, round: Awaited<ReturnType<AutoSubscriber['round']>>): Promise<void> {
    const { syncMs, failingMaxMs } = this.limits;
    const { autoSyncs } = this.parts;
    switch (round.kind) {
      case 'ok':
        return autoSyncs.end(claim, { isFailed: false, nextMs: Math.max(syncMs, round.tookMs) });
      case 'failed': {
        const nextMs = Math.min(syncMs * 2 ** Math.min(claim.failures + 1, 20), failingMaxMs);
        return autoSyncs.end(claim, { isFailed: true, nextMs });
      }
      case 'left':
        return autoSyncs.giveBack(claim);
    }
  }

  /** Rejects when the process ends, whatever becomes of the work. */
  private async unlessStopped<T>(work: Promise<T>): Promise<T> {
    const signal = this.work.stopped;
    let stop: () => void;
    const stopped = new Promise<never>((_resolve, reject) => {
      stop = () => reject(new SyncStopped());
      signal.addEventListener('abort', stop);
    });
    try {
      return await Promise.race([work, stopped]);
    } finally {
      signal.removeEventListener('abort', stop!);
    }
  }

  private report({ license, failures }: SyncClaim, counts: SyncedCounts): void {
    const { log } = this.parts;
    if (counts.joined + counts.left > 0) log.info({ license, ...counts }, 'vehicles joined or left by themselves');
    if (failures > 0) log.info({ license, failures }, 'vehicles can join by themselves again');
  }

  private async keepAlive(): Promise<void> {
    try {
      await this.parts.autoSyncs.keepAlive([...this.held]);
    } catch (error) {
      this.parts.log.warn({ err: error }, 'licenses whose vehicles join by themselves could not be kept alive');
    }
  }
}
