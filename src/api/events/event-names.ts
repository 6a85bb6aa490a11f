import { nearestNames } from '../../core/catalog.js';
import { refuseField } from '../fields.js';
import { Problem } from '../problem.js';

/** More than there are types. */
const NAMES_MAX = 50;

/**
 * The types that a `type` parameter means: names by comma, `trigger.*` for all that begin so, `*` for all. Throws a 400
 * that names the nearest for a name that is none.
 */
export function readEventNames(text: string | undefined, known: readonly string[]): string[] {
  if (text === undefined) return [...known];
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  if (names.length > NAMES_MAX) refuseField('type', `type may have at most ${NAMES_MAX} names`);
  return [...new Set(names.flatMap((name) => expand(name, known)))];
}

function expand(name: string, known: readonly string[]): string[] {
  const prefix = name.endsWith('*') ? name.slice(0, -1) : undefined;
  const isWhole = prefix === '' || prefix?.endsWith('.');
  const found = known.filter((type) => (prefix !== undefined && isWhole ? type.startsWith(prefix) : type === name));
  if (found.length > 0) return found;
  const groups = known.map((type) => `${type.split('.')[0]!}.*`);
  const nearest = nearestNames(name, [...new Set([...known, ...groups])]);
  const hint = nearest.length > 0 ? ` Did you mean ${nearest.join(', ')}?` : ' GET /v1/event-types lists them.';
  const detail = `type ${JSON.stringify(name.slice(0, 100))} is no type of event.${hint}`;
  throw new Problem(400, {
    kind: 'invalid-request',
    message: 'Unknown event type',
    detail,
    errors: [{ pointer: 'type', detail }],
    members: { nearest },
  });
}
