import { LICENSE_EVENT_TYPES } from '../../core/event-types.js';
import type { ApiParts } from '../api-parts.js';
import { pageOf, pageRequest } from '../page.js';
import type { Page } from '../page.js';
import { parseUuid } from '../path.js';
import { Problem } from '../problem.js';
import { readEventNames } from './event-names.js';
import type { EventsQuery } from './event-operations.js';
import { viewEvent } from './event-view.js';
import type { EventView } from './event-view.js';
import { logFilter, requireRange } from './log-query.js';

/** The event log as developers see it. Every problem is thrown. */
export class Events {
  constructor(private readonly parts: Pick<ApiParts, 'events'>) {}

  /** One page, newest first. */
  async list(license: string, query: EventsQuery): Promise<Page<EventView>> {
    requireRange(query);
    const { limit, after } = pageRequest(query, parseUuid);
    const found = await this.parts.events.list({
      license,
      types: readEventNames(query.type, LICENSE_EVENT_TYPES),
      ...logFilter(query),
      ...(after === undefined ? {} : { before: after }),
      limit: limit + 1,
    });
    return pageOf(found.map(viewEvent), limit, ({ id }) => id);
  }

  async get(license: string, id: string): Promise<EventView> {
    const event = await this.parts.events.get(license, id, LICENSE_EVENT_TYPES);
    if (event !== undefined) return viewEvent(event);
    throw new Problem(404, {
      kind: 'not-found',
      message: 'Event not found',
      detail: 'Your license has no event with this id on record.',
    });
  }
}
