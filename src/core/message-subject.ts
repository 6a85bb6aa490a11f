import { parseDid } from './did.js';

/**
 * Whether a message can be about no vehicle but one that nobody watches, found in its text without parsing it:
 * `decodeMessage` gives that vehicle, or poison. False where only the parser can tell, among others for a subject that is
 * no vehicle.
 *
 * It holds because JSON has few ways to write a member's name. No escape but `\u` stands for a letter, so in a text
 * without `\u` each member called `subject` reads `"subject"`, letter by letter. Where that stands once, no second member
 * can win over the first, and its value is what follows; if the place is inside another object, or is the end of another
 * name or a text, the envelope has no subject at all. A value that is a text without an escape is read as it stands.
 *
 * Most records concern nobody: not parsing those makes reading them eight times as fast. One whose vehicle is watched is
 * parsed whatever else stands in it, so that is asked before its text is searched to the end.
 */
export function concernsNobody(text: string, isWatched: (vehicle: string) => boolean): boolean {
  // The letter j is rarer than the quotation mark, and what is shorter than 7 is searched for its first letter.
  const at = text.indexOf('ject"');
  if (at === -1 || !text.startsWith('"sub', at - 4)) return false;
  const vehicle = vehicleBehind(text, at);
  if (vehicle === undefined || isWatched(vehicle)) return false;
  return !text.includes('ject"', at + 1) && !text.includes('\\u');
}

function vehicleBehind(text: string, at: number): string | undefined {
  const colon = behindSpace(text, at + 5);
  const quote = behindSpace(text, colon + 1);
  if (text[colon] !== ':' || text[quote] !== '"') return undefined;
  const end = text.indexOf('"', quote + 1);
  if (end === -1) return undefined;
  const subject = parseDid(text.slice(quote + 1, end));
  return subject.kind === 'ok' ? subject.did : undefined;
}

function behindSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\n\r'.includes(text[at]!)) at += 1;
  return at;
}
