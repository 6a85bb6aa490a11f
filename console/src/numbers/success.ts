/** The part of what was settled that arrived; null when nothing was. */
export function successOf({ delivered, failed }: { delivered: number; failed: number }): number | null {
  return delivered + failed === 0 ? null : delivered / (delivered + failed);
}
