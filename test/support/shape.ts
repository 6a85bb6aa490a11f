/**
 * The members of a JSON value with the types of their values, and nothing of the values: equal for two bodies that a
 * receiver could read with the same code. Lists have the shapes of their entries, each once.
 */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((entry) => JSON.stringify(shapeOf(entry))))].sort();
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  const members = Object.entries(value).map(([name, member]) => [name, shapeOf(member)] as const);
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The names of a delivery's headers, without those of the connection. */
export function headerNames(headers: Record<string, unknown>): string[] {
  const ofConnection = ['host', 'connection', 'content-length', 'accept', 'accept-encoding', 'transfer-encoding'];
  return Object.keys(headers)
    .map((name) => name.toLowerCase())
    .filter((name) => !ofConnection.includes(name))
    .sort();
}
