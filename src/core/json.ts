/** A parsed JSON object of which nothing is known. */
export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a parsed value is, for messages. */
export function jsonType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/** A member by its name in any letter case; the exact name wins. */
export function memberOf(object: JsonObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const wanted = name.toLowerCase();
  for (const key of Object.keys(object)) {
    // To compare lengths is cheap; a key in lower case is a new text.
    if (key.length === wanted.length && key.toLowerCase() === wanted) return object[key];
  }
  return undefined;
}

/** A text as `JSON.stringify` writes it; in half of the time where nothing has to be escaped, as in nearly all there are. */
export function jsonText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** All of ASCII but control characters, `"` and `\`; of other letters some are escaped, halves of pairs. */
const PLAIN = /^[ !#-[\]-~]*$/;
