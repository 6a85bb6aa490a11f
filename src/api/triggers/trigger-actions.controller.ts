import { Body, Controller, Get, Param, Post, UseGuards } from '@nestjs/common';
import type { Actor } from '../../store/actor.js';
import { MayTakeBody, TakesBody } from '../body.interceptor.js';
import { Caller, DeveloperGuard } from '../developer.guard.js';
import { rotation, verification } from '../endpoint-actions.js';
import type { Rotated, Rotation, Tested, Verification } from '../endpoint-actions.js';
import type { Given } from '../fields.js';
import { Operation } from '../openapi-operation.js';
import { WebhookIdPipe } from '../path.pipe.js';
import { testRequest } from './action-fields.js';
import type { Copyable, TestRequest } from './action-fields.js';
import * as operations from './action-operations.js';
import { TriggerActions } from './trigger-actions.js';

/** What can be done with webhooks that are there: to prove, rekey, try and copy them. */
@Controller('v1/webhooks')
@UseGuards(DeveloperGuard)
export class TriggerActionsController {
  constructor(private readonly actions: TriggerActions) {}

  @Post(':id/verify')
  @TakesBody()
  @Operation(operations.verifyWebhook)
  async verify(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Body({ schema: verification }) { fields }: Given<Verification>,
  ): Promise<{ message: string; verifiedAt: string }> {
    const verifiedAt = await this.actions.verify(caller, id, fields.verificationToken);
    return { message: 'Webhook verified successfully', verifiedAt: verifiedAt.toISOString() };
  }

  @Post(':id/rotate')
  @MayTakeBody()
  @Operation(operations.rotateWebhook)
  rotate(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Body({ schema: rotation }) { fields }: Given<Rotation>,
  ): Promise<Rotated> {
    return this.actions.rotate(caller, id, fields);
  }

  @Post(':id/test')
  @MayTakeBody()
  @Operation(operations.testWebhook)
  test(
    @Caller() caller: Actor,
    @Param('id', WebhookIdPipe) id: string,
    @Body({ schema: testRequest }) { fields }: Given<TestRequest>,
  ): Promise<Tested> {
    return this.actions.test(caller, id, fields);
  }

  @Get(':id/copyable')
  @Operation(operations.copyWebhook)
  copyable(@Caller() caller: Actor, @Param('id', WebhookIdPipe) id: string): Promise<Copyable> {
    return this.actions.copyable(caller.license, id);
  }
}
