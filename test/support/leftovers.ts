/** What was started and has to be stopped, the last one first, whether all that was meant to start did or not. */
export class Leftovers {
  private readonly undoings: (() => unknown)[] = [];

  /** Resolves to what `start` gives, which `undo` is for. */
  async started<Thing>(start: Promise<Thing> | Thing, undo: (thing: Thing) => unknown): Promise<Thing> {
    const thing = await start;
    this.undoings.push(() => undo(thing));
    return thing;
  }

  /** Undoes each, also after one that failed; rejects with the first failure. */
  async clear(): Promise<void> {
    const failures: unknown[] = [];
    for (const undo of this.undoings.splice(0).reverse()) {
      try {
        await undo();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
