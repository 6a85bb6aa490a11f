import { Controller, Get, Query, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Catalog } from '../../core/catalog.js';
import { DeveloperGuard } from '../developer.guard.js';
import { listAnswer } from '../list-answer.js';
import { Operation } from '../openapi-operation.js';
import { isPaged, pageOfAll, pageQuery, pageRequest } from '../page.js';
import type { PageQuery } from '../page.js';
import { eventList, signalList } from './catalog-views.js';
import type { EventView, SignalView } from './catalog-views.js';

/** What can be watched. */
@Controller('v1/webhooks')
@UseGuards(DeveloperGuard)
export class CatalogController {
  constructor(private readonly catalog: Catalog) {}

  @Get('signals')
  @Operation({
    id: 'listSignals',
    scope: 'webhooks:read',
    tag: 'Catalogue',
    summary: 'Lists the signals that a webhook can watch',
    description:
      'Use a name as `metricName` with the service `telemetry.signals`; `vss.<name>` with `signals` means the same.',
    access: 'developer',
    query: pageQuery,
    status: 200,
    answer: {
      description: 'Every signal, with the permissions of a vehicle that a subscription needs.',
      schema: signalList,
      example: [
        {
          name: 'speed',
          description: 'Vehicle speed.',
          unit: 'km/h',
          valueType: 'float64',
          permissions: ['privilege:GetNonLocationHistory'],
        },
      ],
    },
  })
  listSignals(
    @Query({ schema: pageQuery }) query: PageQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): SignalView[] {
    const all = this.catalog.signals.map(({ name, description, unit, valueType, permissions }) => {
      return { name, description, unit, valueType, permissions: [...permissions] };
    });
    return this.page(all, query, request, response);
  }

  @Get('events')
  @Operation({
    id: 'listEventNames',
    scope: 'webhooks:read',
    tag: 'Catalogue',
    summary: 'Lists the events that a webhook can watch',
    description: 'Use a name, or one of its older aliases, as `metricName` with the service `telemetry.events`.',
    access: 'developer',
    query: pageQuery,
    status: 200,
    answer: {
      description: 'Every event, with the permissions of a vehicle that a subscription needs.',
      schema: eventList,
      example: [
        {
          name: 'behavior.harshBraking',
          aliases: ['HarshBraking'],
          description: 'The driver braked hard.',
          permissions: ['privilege:GetNonLocationHistory', 'privilege:GetLocationHistory'],
        },
      ],
    },
  })
  listEventNames(
    @Query({ schema: pageQuery }) query: PageQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): EventView[] {
    const all = this.catalog.events.map(({ name, aliases, description, permissions }) => {
      return { name, aliases: [...aliases], description, permissions: [...permissions] };
    });
    return this.page(all, query, request, response);
  }

  private page<T extends { name: string }>(all: T[], query: PageQuery, request: Request, response: Response): T[] {
    if (!isPaged(query)) return all;
    const asked = pageRequest(query, (text) => text || undefined);
    return listAnswer(
      pageOfAll(all, asked, ({ name }) => name),
      asked.limit,
      request,
      response,
    );
  }
}
