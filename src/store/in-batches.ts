/** Runs until a batch is not full. `run` resolves to how many rows it did; resolves to how many these were in all. */
export async function inBatches(size: number, run: () => Promise<number>): Promise<number> {
  for (let all = 0; ;) {
    const count = await run();
    all += count;
    if (count !== size) return all;
  }
}
