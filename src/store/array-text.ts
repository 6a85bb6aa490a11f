/**
 * Arrays as PostgreSQL reads them in text, for statements that take each column as an array. The driver writes them too,
 * but looks at every element for what kind of thing it is and escapes it in two passes: that was a sixth of the work of a
 * firing, and a third of the time that settling took the sender.
 */

/** Of what never has to be quoted: ids, numbers, words of our own; what is missing is NULL. */
export function plainArray<Row>(
  rows: readonly Row[],
  of: (row: Row) => string | number | bigint | boolean | null | undefined,
): string {
  return `{${rows.map((row) => of(row) ?? 'NULL').join()}}`;
}

/**
 * Of any texts; what is missing is NULL, which a text `NULL` is not. Joined, they are one text at once: one that was added
 * to, part by part, is put together only when it is sent, which took as long again.
 */
export function textArray<Row>(rows: readonly Row[], of: (row: Row) => string | null | undefined): string {
  return `{${rows.map((row) => quoted(of(row))).join()}}`;
}

function quoted(text: string | null | undefined): string {
  if (text === null || text === undefined) return 'NULL';
  return TO_ESCAPE.test(text) ? `"${text.replace(ALL_TO_ESCAPE, '\\$&')}"` : `"${text}"`;
}

const TO_ESCAPE = /["\\]/;
const ALL_TO_ESCAPE = /["\\]/g;
