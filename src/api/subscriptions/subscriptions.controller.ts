import { Body, Controller, Delete, Get, Param, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Actor } from '../../store/actor.js';
import { TakesBody } from '../body.interceptor.js';
import { Caller, DeveloperGuard } from '../developer.guard.js';
import type { Given } from '../fields.js';
import { listAnswer } from '../list-answer.js';
import { Operation } from '../openapi-operation.js';
import type { BulkOutcome } from '../operations/bulk-calls.js';
import { viewSubscribed, viewUnsubscribed } from '../operations/operation-view.js';
import type { continuesAnswer, subscribedAnswer, unsubscribedAnswer } from '../operations/operation-view.js';
import { pageQuery } from '../page.js';
import type { PageQuery } from '../page.js';
import { VehiclePipe, WebhookIdPipe } from '../path.pipe.js';
import { LIST_BODY_BYTES_MAX } from '../request-body.js';
import type { messageAnswer } from '../triggers/trigger-operations.js';
import * as operations from './subscription-operations.js';
import { Subscriptions } from './subscriptions.js';
import { readVehicles, vehicleList } from './vehicle-list.js';
import type { VehicleList } from './vehicle-list.js';

type Message = z.output<typeof messageAnswer>;
type Continues = z.output<typeof continuesAnswer>;
type Subscribed = z.output<typeof subscribedAnswer> | Continues;
type Unsubscribed = z.output<typeof unsubscribedAnswer> | Continues;

/** Which vehicles a webhook watches. */
@Controller('v1/webhooks')
@UseGuards(DeveloperGuard)
export class SubscriptionsController {
  constructor(private readonly subscriptions: Subscriptions) {}

  @Get('vehicles/:did')
  @Operation(operations.listSubscriptions)
  async ofVehicle(
    @Caller() caller: Actor,
    @Param('did', VehiclePipe) vehicle: string,
    @Query({ schema: pageQuery }) query: PageQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<operations.SubscriptionView[]> {
    const { page, limit } = await this.subscriptions.ofVehicle(caller.license, vehicle, query);
    return listAnswer(page, limit, request, response);
  }

  @Get(':id')
  @Operation(operations.listVehicles)
  async vehicles(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Query({ schema: pageQuery }) query: PageQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string[]> {
    const { page, limit } = await this.subscriptions.vehicles(caller.license, id, query);
    return listAnswer(page, limit, request, response);
  }

  @Post(':id/subscribe/list')
  @TakesBody(LIST_BODY_BYTES_MAX)
  @Operation(operations.subscribeList)
  async subscribeList(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Body({ schema: vehicleList }) { fields }: Given<VehicleList>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Subscribed> {
    const vehicles = await readVehicles(fields);
    return bulkAnswer(await this.subscriptions.subscribeList(caller, id, vehicles), response, viewSubscribed);
  }

  @Post(':id/subscribe/all')
  @Operation(operations.subscribeAll)
  async subscribeAll(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Subscribed> {
    return bulkAnswer(await this.subscriptions.subscribeShared(caller, id), response, viewSubscribed);
  }

  @Post(':id/subscribe/:did')
  @Operation(operations.subscribeVehicle)
  async subscribe(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Param('did', VehiclePipe) vehicle: string,
  ): Promise<Message> {
    await this.subscriptions.subscribe(caller, id, vehicle);
    return { message: 'Vehicle assigned successfully' };
  }

  @Delete(':id/unsubscribe/list')
  @TakesBody(LIST_BODY_BYTES_MAX)
  @Operation(operations.unsubscribeList)
  async unsubscribeList(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Body({ schema: vehicleList }) { fields }: Given<VehicleList>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Unsubscribed> {
    const outcome = await this.subscriptions.unsubscribeList(caller, id, await readVehicles(fields));
    return bulkAnswer(outcome, response, (progress) => viewUnsubscribed('unsubscribe', progress));
  }

  @Delete(':id/unsubscribe/all')
  @Operation(operations.unsubscribeAll)
  async unsubscribeAll(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Unsubscribed> {
    const outcome = await this.subscriptions.unsubscribeAll(caller, id);
    return bulkAnswer(outcome, response, (progress) => viewUnsubscribed('unsubscribe_all', progress));
  }

  @Delete(':id/unsubscribe/:did')
  @Operation(operations.unsubscribeVehicle)
  async unsubscribe(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Param('did', VehiclePipe) vehicle: string,
  ): Promise<Message> {
    await this.subscriptions.unsubscribe(caller, id, vehicle);
    return { message: 'Vehicle unsubscribed successfully' };
  }
}

/** What was done, or where to look for it (202). */
function bulkAnswer<T>(
  outcome: BulkOutcome,
  response: Response,
  view: (progress: Extract<BulkOutcome, { kind: 'done' }>['progress']) => T,
): T | Continues {
  if (outcome.kind === 'done') return view(outcome.progress);
  const { operationId } = outcome;
  const location = `/v1/operations/${operationId}`;
  response.status(202).location(location);
  return { operationId, message: `This takes longer and goes on: see ${location}` };
}
