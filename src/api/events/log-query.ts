import { z } from 'zod';
import { DID_LENGTH_MAX, parseDid } from '../../core/did.js';
import { refuseField } from '../fields.js';
import { parseUuid } from '../path.js';

const UUID_LENGTH_MAX = 64;

/** Later years have more digits than the database reads; nothing is on record of them, or from before 1970. */
const TIME_MAX_MS = Date.parse('9999-12-31T23:59:59.999Z');

const isoTime = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-01-15T12:00:00Z' });

/** A time that something on record is looked for by, as ms since 1970. */
export const timeText = isoTime.transform((text) => Math.min(Math.max(Date.parse(text), 0), TIME_MAX_MS));

/** A time that is kept, as ms since 1970: never another than was given. */
export const keptTimeText = isoTime.transform((text, context) => {
  const timeMs = Date.parse(text);
  if (timeMs > TIME_MAX_MS) context.addIssue('must be in the year 9999 (UTC) at the latest');
  return timeMs;
});

/** An id as a query names it, in canonical spelling. */
export const idText = z
  .string()
  .max(UUID_LENGTH_MAX)
  .transform((text, context) => {
    const id = parseUuid(text);
    if (id === undefined) context.addIssue('must be a UUID');
    return id ?? z.NEVER;
  });

/** A vehicle as a query names it, as its canonical DID. */
export const vehicleText = z
  .string()
  .max(DID_LENGTH_MAX)
  .transform((text, context) => {
    const parsed = parseDid(text);
    if (parsed.kind === 'invalid') context.addIssue(`is not the DID of a vehicle: ${parsed.reason}`);
    return parsed.kind === 'ok' ? parsed.did : z.NEVER;
  });

/** What every list of the log can be narrowed by. */
export const logQuery = {
  webhookId: idText.optional().meta({ description: 'Only what concerns this webhook.' }),
  vehicle: vehicleText.optional().meta({ description: 'Only what concerns this vehicle, by its DID.' }),
};

/** When it happened: the range is that of the events, whose ids have the time. */
export const rangeQuery = {
  since: timeText.optional().meta({ description: 'Only what happened at or after this time.' }),
  until: timeText.optional().meta({ description: 'Only what happened before this time.' }),
};

/** Refuses a range that ends before it begins. */
export function requireRange({ since, until }: { since?: number | undefined; until?: number | undefined }): void {
  if (since !== undefined && until !== undefined && until < since)
    refuseField('until', 'until must not be before since');
}

/** The members that were given, under the names that the stores have for them. */
export function logFilter(query: {
  webhookId?: string | undefined;
  vehicle?: string | undefined;
  since?: number | undefined;
  until?: number | undefined;
}): { triggerId?: string; vehicle?: string; sinceMs?: number; untilMs?: number } {
  const { webhookId, vehicle, since, until } = query;
  return {
    ...(webhookId === undefined ? {} : { triggerId: webhookId }),
    ...(vehicle === undefined ? {} : { vehicle }),
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(until === undefined ? {} : { untilMs: until }),
  };
}
