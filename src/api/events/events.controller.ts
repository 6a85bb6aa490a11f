import { Controller, Get, Param, Query, UseGuards } from '@nestjs/common';
import type { z } from 'zod';
import { EVENT_TYPES, LICENSE_EVENT_TYPES } from '../../core/event-types.js';
import type { Actor } from '../../store/actor.js';
import { Caller, DeveloperGuard } from '../developer.guard.js';
import { Operation } from '../openapi-operation.js';
import { listOf } from '../page.js';
import { EventIdPipe } from '../path.pipe.js';
import * as operations from './event-operations.js';
import type { EventView } from './event-view.js';
import { Events } from './events.js';

/** What happened. */
@Controller('v1')
@UseGuards(DeveloperGuard)
export class EventsController {
  constructor(private readonly events: Events) {}

  @Get('event-types')
  @Operation(operations.listEventTypes)
  types(): z.output<typeof operations.eventTypeList> {
    return { data: LICENSE_EVENT_TYPES.map((type) => ({ type, description: EVENT_TYPES[type] })) };
  }

  @Get('events')
  @Operation(operations.listEvents)
  async list(
    @Caller() caller: Actor,
    @Query({ schema: operations.eventsQuery }) query: operations.EventsQuery,
  ): Promise<z.output<typeof operations.eventList>> {
    return listOf(await this.events.list(caller.license, query));
  }

  @Get('events/:id')
  @Operation(operations.getEvent)
  get(@Caller() caller: Actor, @Param('id', EventIdPipe) id: string): Promise<EventView> {
    return this.events.get(caller.license, id);
  }
}
