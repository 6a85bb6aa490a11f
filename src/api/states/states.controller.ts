import { Controller, Get, Param, Query, UseGuards } from '@nestjs/common';
import type { z } from 'zod';
import type { Actor } from '../../store/actor.js';
import { Caller, DeveloperGuard } from '../developer.guard.js';
import { Operation } from '../openapi-operation.js';
import { listOf, listSchema, pageQuery } from '../page.js';
import type { PageQuery } from '../page.js';
import { VehiclePipe, WebhookIdPipe } from '../path.pipe.js';
import { stateView } from './state-view.js';
import type { StateView } from './state-view.js';
import { States } from './states.js';

const stateList = listSchema(stateView).meta({ id: 'WebhookStateList' });

const example: StateView = {
  vehicle: 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345',
  previousValue: 59,
  lastFiredAt: '2026-01-15T11:59:59.120Z',
  coolingUntil: '2026-01-15T12:00:29.120Z',
  firings: 7,
};

/** What webhooks remember. */
@Controller('v1/webhooks/:id/state')
@UseGuards(DeveloperGuard)
export class StatesController {
  constructor(private readonly states: States) {}

  @Get()
  @Operation({
    id: 'listStates',
    scope: 'webhooks:read',
    tag: 'State',
    summary: 'Shows what a webhook remembers of the vehicles it has fired for',
    access: 'developer',
    query: pageQuery,
    status: 200,
    answer: { description: 'By vehicle.', schema: stateList, example: { data: [example], next: null } },
    problems: { 404: 'Your license has no such webhook.' },
  })
  async list(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Query({ schema: pageQuery }) query: PageQuery,
  ): Promise<z.output<typeof stateList>> {
    const page = await this.states.list(caller.license, id, query);
    return listOf(page);
  }

  @Get(':did')
  @Operation({
    id: 'getState',
    scope: 'webhooks:read',
    tag: 'State',
    summary: 'Shows what a webhook remembers of one vehicle',
    description: 'Also of one that is no longer subscribed; the empty state when it never fired for it.',
    access: 'developer',
    status: 200,
    answer: { description: 'The state.', schema: stateView, example },
    problems: { 404: 'Your license has no such webhook.' },
  })
  async get(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Param('did', VehiclePipe) vehicle: string,
  ): Promise<StateView> {
    return this.states.get(caller.license, id, vehicle);
  }
}
