import { z } from 'zod';

const permissions = z.array(z.string()).meta({ description: 'What a license must hold of a vehicle, all of them.' });

const signalView = z
  .object({
    name: z.string().meta({ description: 'The `metricName`.' }),
    description: z.string(),
    unit: z.string().meta({ description: 'VSS name of the unit, empty when there is none.' }),
    valueType: z.enum(['float64', 'string', 'vss.Location']).meta({ description: 'What `value` is in a condition.' }),
    permissions,
  })
  .meta({ id: 'Signal' });

const eventView = z
  .object({
    name: z.string().meta({ description: 'The `metricName`.' }),
    aliases: z.array(z.string()).meta({ description: 'Older names that mean the same.' }),
    description: z.string(),
    permissions,
  })
  .meta({ id: 'EventName' });

export const signalList = z.array(signalView);
export const eventList = z.array(eventView);
export type SignalView = z.output<typeof signalView>;
export type EventView = z.output<typeof eventView>;
