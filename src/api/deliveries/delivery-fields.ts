import { z } from 'zod';
import { DELIVERY_STATUSES } from '../../store/delivery-log.js';
import type { DeliveryStatus } from '../../store/delivery-log.js';
import { RECOVERABLE_STATUSES } from '../../store/recovery.js';
import { idText, logQuery, rangeQuery, timeText } from '../events/log-query.js';
import { pageQuery } from '../page.js';

const STATUS_TEXT_MAX = 200;

const statusText = z
  .string()
  .max(STATUS_TEXT_MAX)
  .transform((text, context) => {
    const names = text.split(',').map((name) => name.trim());
    const unknown = names.find((name) => !(DELIVERY_STATUSES as readonly string[]).includes(name));
    if (unknown !== undefined) context.addIssue(`must be some of ${DELIVERY_STATUSES.join(', ')}, by comma`);
    return names as DeliveryStatus[];
  })
  .optional()
  .meta({ description: `Some of ${DELIVERY_STATUSES.join(', ')}, by comma.`, examples: ['pending,failed'] });

/** What the list of deliveries can be narrowed by. */
export const deliveriesQuery = z.object({
  ...logQuery,
  endpointId: idText.optional().meta({ description: 'Only what goes to this endpoint.' }),
  status: statusText,
  ...rangeQuery,
  ...pageQuery.shape,
});
export type DeliveriesQuery = z.output<typeof deliveriesQuery>;

/** Which deliveries to send again. */
export const recoverRequest = z
  .strictObject({
    since: timeText.meta({ description: 'Deliveries created at or after this time.' }),
    until: timeText.optional().meta({ description: 'And before this one; now when not given.' }),
    statuses: z
      .array(z.enum(RECOVERABLE_STATUSES, { error: `must be one of ${RECOVERABLE_STATUSES.join(', ')}` }))
      .min(1, 'must not be empty')
      .max(RECOVERABLE_STATUSES.length)
      .default(['failed', 'held'])
      .meta({ description: 'What to send again.' }),
    dryRun: z.boolean().default(false).meta({ description: 'Only counts.' }),
  })
  .meta({ id: 'RecoverRequest' });
export type RecoverRequest = z.output<typeof recoverRequest>;
