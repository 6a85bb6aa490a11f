import { Controller, Get, Param, Query, UseGuards } from '@nestjs/common';
import type { Actor } from '../../store/actor.js';
import { Caller, DeveloperGuard } from '../developer.guard.js';
import { Operation } from '../openapi-operation.js';
import { WebhookIdPipe } from '../path.pipe.js';
import { getStats, statsQuery } from './stats-operations.js';
import type { StatsQuery, StatsView } from './stats-operations.js';
import { Stats } from './stats.js';

/** How webhooks do. */
@Controller('v1/webhooks/:id/stats')
@UseGuards(DeveloperGuard)
export class StatsController {
  constructor(private readonly stats: Stats) {}

  @Get()
  @Operation(getStats)
  get(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Query({ schema: statsQuery }) query: StatsQuery,
  ): Promise<StatsView> {
    return this.stats.of(caller.license, id, query);
  }
}
