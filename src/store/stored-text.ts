/** A text of others as PostgreSQL can keep it: theirs may have any characters, its own have no NUL. */
export function withoutNul<T extends string | null | undefined>(text: T): T {
  return (text?.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text) as T;
}
