import { z } from 'zod';
import { EVENT_PERMISSIONS } from './catalog-events.js';
import { Catalog } from './catalog.js';

export type ExtendedCatalog = { kind: 'ok'; catalog: Catalog } | { kind: 'invalid'; errors: string[] };

/** What upstream asks for a signal that it does not know: both the plain and the location privilege. */
const DEFAULT_PERMISSIONS = EVENT_PERMISSIONS;

const name = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9_.-]+$/, 'may have letters, digits, "_", "." and "-" only');
const description = z.string().max(1000).default('');
const permissions = z
  .array(z.string().min(1).max(200))
  .min(1)
  .max(20)
  .default([...DEFAULT_PERMISSIONS]);

/** The content of a catalogue file. */
const additionsSchema = z.strictObject({
  signals: z
    .array(
      z.strictObject({
        name,
        unit: z.string().max(50).default(''),
        valueType: z.enum(['float64', 'string', 'vss.Location']),
        description,
        permissions,
      }),
    )
    .max(10_000)
    .default([]),
  events: z
    .array(z.strictObject({ name, aliases: z.array(name).max(20).default([]), description, permissions }))
    .max(10_000)
    .default([]),
});

/**
 * A catalogue with an operator's own metrics besides: `{"signals": [{name, unit, valueType, description?,
 * permissions?}], "events": [{name, aliases?, description?, permissions?}]}`. A name or alias that already stands for
 * another metric is refused, so that no file can change what a registered webhook means. All errors are named at once.
 */
export function extendCatalog(catalog: Catalog, additions: unknown): ExtendedCatalog {
  const parsed = additionsSchema.safeParse(additions);
  if (!parsed.success) {
    return { kind: 'invalid', errors: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) };
  }
  const signals = [...catalog.signals, ...parsed.data.signals];
  const events = [...catalog.events, ...parsed.data.events];
  const errors = [
    ...repeated(signals.map((signal) => signal.name)).map((twice) => `signals: ${twice} is defined twice`),
    ...repeated(events.flatMap((event) => [event.name, ...event.aliases])).map(
      (twice) => `events: ${twice} is defined twice`,
    ),
  ];
  return errors.length > 0 ? { kind: 'invalid', errors } : { kind: 'ok', catalog: new Catalog(signals, events) };
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((each, i) => names.indexOf(each) !== i))];
}
