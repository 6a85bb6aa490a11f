import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import type { Actor } from '../../store/actor.js';
import { Caller, DeveloperGuard } from '../developer.guard.js';
import { Operation } from '../openapi-operation.js';
import { getOverview, overviewQuery } from './overview-operations.js';
import type { OverviewQuery, OverviewView } from './overview-operations.js';
import { Overview } from './overview.js';

/** How everything does. */
@Controller('v1/overview')
@UseGuards(DeveloperGuard)
export class OverviewController {
  constructor(private readonly overview: Overview) {}

  @Get()
  @Operation(getOverview)
  get(@Caller() caller: Actor, @Query({ schema: overviewQuery }) query: OverviewQuery): Promise<OverviewView> {
    return this.overview.of(caller.license, query);
  }
}
