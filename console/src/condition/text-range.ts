/** A place in a text, as the API counts: lines and columns from 1, UTF-16 units. */
export interface TextPlace {
  line: number;
  column: number;
  length: number;
}

/**
 * Where a place begins and ends in a text. What is wrong may be what is missing at the end: the last character is
 * underlined then, since nothing cannot be seen.
 */
export function rangeOfPlace(text: string, { line, column, length }: TextPlace): { from: number; to: number } {
  const lines = text.split('\n');
  const row = Math.min(Math.max(line, 1), lines.length) - 1;
  const start = lines.slice(0, row).reduce((sum, each) => sum + each.length + 1, 0);
  const from = Math.min(start + Math.max(column, 1) - 1, text.length);
  const to = Math.min(from + Math.max(length, 1), text.length);
  return to > from ? { from, to } : { from: Math.max(0, from - 1), to };
}
