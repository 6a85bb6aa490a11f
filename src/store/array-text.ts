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
  let text = '{';
  for (let at = 0; at < rows.length; at++) text += `${at === 0 ? '' : ','}${of(rows[at]!) ?? 'NULL'}`;
  return `${text}}`;
}

/** Of any texts; what is missing is NULL, which a text `NULL` is not. */
export function textArray<Row>(rows: readonly Row[], of: (row: Row) => string | null | undefined): string {
  let text = '{';
  for (let at = 0; at < rows.length; at++) text += `${at === 0 ? '' : ','}${quoted(of(rows[at]!))}`;
  return `${text}}`;
}

function quoted(text: string | null | undefined): string {
  if (text === null || text === undefined) return 'NULL';
  return TO_ESCAPE.test(text) ? `"${text.replace(ALL_TO_ESCAPE, '\\$&')}"` : `"${text}"`;
}

const TO_ESCAPE = /["\\]/;
const ALL_TO_ESCAPE = /["\\]/g;
