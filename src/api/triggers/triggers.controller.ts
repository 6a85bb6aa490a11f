import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Actor } from '../../store/actor.js';
import { TakesBody } from '../body.interceptor.js';
import { Caller, DeveloperGuard } from '../developer.guard.js';
import type { Given } from '../fields.js';
import { listAnswer } from '../list-answer.js';
import { Operation } from '../openapi-operation.js';
import { pageQuery } from '../page.js';
import type { PageQuery } from '../page.js';
import { WebhookIdPipe } from '../path.pipe.js';
import { newWebhook, webhookChange } from './trigger-fields.js';
import type { NewWebhook, WebhookChange } from './trigger-fields.js';
import * as operations from './trigger-operations.js';
import { Triggers } from './triggers.js';
import type { WebhookView } from './webhook-view.js';

/** Webhooks themselves: to register, see, change and delete. */
@Controller('v1/webhooks')
@UseGuards(DeveloperGuard)
export class TriggersController {
  constructor(private readonly triggers: Triggers) {}

  @Get()
  @Operation(operations.listWebhooks)
  async list(
    @Caller() caller: Actor,
    @Query({ schema: pageQuery }) query: PageQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WebhookView[]> {
    const { page, limit } = await this.triggers.list(caller.license, query);
    return listAnswer(page, limit, request, response).map((trigger) => this.triggers.view(trigger));
  }

  @Post()
  @TakesBody()
  @Operation(operations.registerWebhook)
  async register(
    @Caller() caller: Actor,
    @Body({ schema: newWebhook }) given: Given<NewWebhook>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<z.output<typeof operations.registeredAnswer>> {
    const { id, ...registered } = await this.triggers.create(caller, given);
    response.set('Location', `/v1/webhooks/${id}/config`);
    return { id, message: 'Webhook registered successfully', ...registered };
  }

  @Get(':id/config')
  @Operation(operations.getWebhook)
  async get(@Caller() caller: Actor, @Param('id', WebhookIdPipe) id: string): Promise<WebhookView> {
    return this.triggers.view(await this.triggers.get(caller.license, id));
  }

  @Put(':id')
  @TakesBody()
  @Operation(operations.updateWebhook)
  async update(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Body({ schema: webhookChange }) given: Given<WebhookChange>,
  ): Promise<z.output<typeof operations.updatedAnswer>> {
    const updated = await this.triggers.update(caller, id, given);
    return { id, message: 'Webhook updated successfully', ...updated };
  }

  @Patch(':id')
  @TakesBody()
  @Operation(operations.patchWebhook)
  async patch(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Body({ schema: webhookChange }) given: Given<WebhookChange>,
  ): Promise<z.output<typeof operations.updatedAnswer>> {
    return this.update(caller, id, given);
  }

  @Delete(':id')
  @Operation(operations.deleteWebhook)
  async remove(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
  ): Promise<z.output<typeof operations.messageAnswer>> {
    await this.triggers.remove(caller, id);
    return { message: 'Webhook deleted successfully' };
  }
}
