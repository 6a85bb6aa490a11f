/** Levels that are shown, and how. */
const SHOWN: Readonly<Record<string, string>> = { warn: 'warning', error: 'ERROR', fatal: 'ERROR' };

/**
 * What of the product's log belongs on the terminal: warnings and errors, as one readable line; and lines that are no log
 * entries, because those come from Node itself. `undefined` for all others.
 */
export function shownWarning(line: string): string | undefined {
  if (line.trim() === '') return undefined;
  const entry = parse(line);
  if (!entry) return `product: ${line}`;
  const { level, msg = '', err } = entry;
  const title = SHOWN[String(level)];
  if (title === undefined) return undefined;
  const reason = err?.message === undefined || err.message === msg ? '' : `: ${err.message}`;
  return `product ${title}: ${msg}${reason}`;
}

interface LogEntry {
  level?: unknown;
  msg?: string;
  err?: { message?: string };
}

function parse(line: string): LogEntry | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as LogEntry;
  } catch {
    return undefined;
  }
}
