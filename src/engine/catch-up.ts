import type { ChunkPlan } from './chunk-plan.js';
import type { EngineParts } from './engine-parts.js';
import type { PartitionStates } from './partition-states.js';
import type { StateCache } from './state-cache.js';

/** Asks until the store answers; undefined when the partition was no longer ours by then. */
type Persist = <Result>(operation: () => Promise<Result>) => Promise<Result | undefined>;

/** What a partition learns before it evaluates what was fetched: triggers that changed, and states that others stored. */
export class CatchUp {
  constructor(
    private readonly parts: { topic: string; cache: StateCache; states: PartitionStates } & Pick<
      EngineParts,
      'index' | 'lately'
    >,
  ) {}

  /**
   * Whether it was told. While it asks, the states are loaded that are needed if nothing has changed (`foretell`: what will
   * be done then), so that the two do not take their time one after the other. Nothing rests on it: what changed is planned
   * anew, a bucket that others wrote is forgotten with what was just read of it, and a commit compares versions.
   */
  async learn(persist: Persist, foretell?: () => ChunkPlan | undefined): Promise<boolean> {
    const { topic, cache, index, lately } = this.parts;
    // A cache that has not followed yet forgets all that it has with the first answer.
    const foretold = cache.isFollowing ? foretell?.() : undefined;
    const loaded = foretold && this.loadFor(foretold);
    const known = await persist(async () => {
      const { indexHead, scattered } = await lately(topic);
      await index.follow(indexHead);
      return scattered;
    });
    // In the cache before anything is forgotten: which of the two was read first, nobody knows.
    await loaded;
    if (!known) return false;
    cache.trustUnless(known);
    return true;
  }

  private async loadFor(plan: ChunkPlan): Promise<void> {
    const { states } = this.parts;
    const missing = states.forPlan(plan).missing.filter(({ isScattered }) => !isScattered);
    // Should it fail, they are missing still, and that is asked again until it works.
    if (missing.length > 0) await states.load(missing).catch(() => undefined);
  }
}
