const TEXT_TYPE = 25;
const WORD_BYTES = 4;
const HEAD_WORDS = 5;
const NULL_LENGTH = -1;
/** An array without any dimension. */
const NOTHING = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, TEXT_TYPE]);

/**
 * An array of texts as PostgreSQL receives it in binary (`array_send` writes the same): of long ones, in which nothing has
 * to be looked for and escaped here, nor read letter by letter there. What is missing is NULL; without any value the
 * array is empty.
 */
export function binaryTexts<Row>(rows: readonly Row[], of: (row: Row) => string | null | undefined): Buffer {
  const texts = rows.map(of);
  let bytes = WORD_BYTES * (HEAD_WORDS + texts.length);
  let present = 0;
  for (const text of texts) {
    if (text === null || text === undefined) continue;
    bytes += Buffer.byteLength(text);
    present++;
  }
  if (present === 0) return NOTHING;
  const buffer = Buffer.allocUnsafe(bytes);
  let at = 0;
  // One dimension, from 1.
  for (const word of [1, present < texts.length ? 1 : 0, TEXT_TYPE, texts.length, 1])
    at = buffer.writeInt32BE(word, at);
  for (const text of texts) at = write(buffer, text, at);
  return buffer;
}

/** Where the next one begins. */
function write(buffer: Buffer, text: string | null | undefined, at: number): number {
  if (text === null || text === undefined) return buffer.writeInt32BE(NULL_LENGTH, at);
  const length = buffer.write(text, at + WORD_BYTES);
  return buffer.writeInt32BE(length, at) + length;
}
