/**
 * Which of `count` rows a key leads to from row `at`; undefined when the key means something else, or when no row has the
 * focus (`at` is -1), so that arrows still scroll the page.
 */
export function nextRow(key: string, at: number, count: number): number | undefined {
  if (at < 0) return undefined;
  const last = count - 1;
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return Math.min(at + 1, last);
    case 'ArrowUp':
    case 'k':
      return Math.max(at - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return undefined;
  }
}
