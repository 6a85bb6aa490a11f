/** JSON over several lines; a text that is none as it is. */
export function pretty(content: unknown): string {
  if (typeof content !== 'string') return JSON.stringify(content, null, 2);
  try {
    const parsed: unknown = JSON.parse(content);
    return typeof parsed === 'object' && parsed !== null ? JSON.stringify(parsed, null, 2) : content;
  } catch {
    return content;
  }
}
