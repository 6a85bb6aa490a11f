import { Body, Controller, Get, Param, Post, Query, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import type { z } from 'zod';
import type { Actor } from '../../store/actor.js';
import { MayTakeBody, TakesBody } from '../body.interceptor.js';
import { Caller, DeveloperGuard } from '../developer.guard.js';
import { nothing } from '../fields.js';
import type { Given } from '../fields.js';
import { Operation } from '../openapi-operation.js';
import { listOf } from '../page.js';
import { DeliveryIdPipe, EndpointIdPipe, WebhookIdPipe } from '../path.pipe.js';
import { Deliveries } from './deliveries.js';
import { deliveriesQuery, recoverRequest } from './delivery-fields.js';
import type { DeliveriesQuery, RecoverRequest } from './delivery-fields.js';
import * as operations from './delivery-operations.js';
import type { DeliveryDetailView } from './delivery-view.js';

/** What was sent and what waits. */
@Controller('v1')
@UseGuards(DeveloperGuard)
export class DeliveriesController {
  constructor(private readonly deliveries: Deliveries) {}

  @Get('deliveries')
  @Operation(operations.listDeliveries)
  async list(
    @Caller() caller: Actor,
    @Query({ schema: deliveriesQuery }) query: DeliveriesQuery,
  ): Promise<z.output<typeof operations.deliveryList>> {
    return listOf(await this.deliveries.list(caller.license, query));
  }

  @Get('deliveries/:id')
  @Operation(operations.getDelivery)
  get(@Caller() caller: Actor, @Param('id', DeliveryIdPipe) id: string): Promise<DeliveryDetailView> {
    return this.deliveries.get(caller.license, id);
  }

  @Post('deliveries/:id/resend')
  @MayTakeBody()
  @Operation(operations.resendDelivery)
  async resend(
    @Caller() caller: Actor,
    @Param('id', DeliveryIdPipe) id: string,
    @Body({ schema: nothing }) _given: Given<object>,
  ): Promise<z.output<typeof operations.resentAnswer>> {
    return { deliveryId: await this.deliveries.resend(caller, id) };
  }

  @Post('webhooks/:id/recover')
  @TakesBody()
  @Operation(operations.recoverWebhook)
  async recoverWebhook(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Body({ schema: recoverRequest }) { fields }: Given<RecoverRequest>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<z.output<typeof operations.recoveredAnswer>> {
    if (fields.dryRun) response.status(200);
    return { count: await this.deliveries.recoverWebhook(caller, id, fields) };
  }

  @Post('endpoints/:id/recover')
  @TakesBody()
  @Operation(operations.recoverEndpoint)
  async recoverEndpoint(
    @Caller() caller: Actor,
    @Param('id', EndpointIdPipe) id: string,
    @Body({ schema: recoverRequest }) { fields }: Given<RecoverRequest>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<z.output<typeof operations.recoveredAnswer>> {
    if (fields.dryRun) response.status(200);
    return { count: await this.deliveries.recoverEndpoint(caller, id, fields) };
  }
}
