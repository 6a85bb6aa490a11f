import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import type { z } from 'zod';
import type { Actor } from '../../store/actor.js';
import { MayTakeBody, TakesBody } from '../body.interceptor.js';
import type { KnownCaller } from '../caller.js';
import { Caller, DeveloperGuard } from '../developer.guard.js';
import { rotation, verification } from '../endpoint-actions.js';
import type { Rotated, Rotation, Tested, Verification } from '../endpoint-actions.js';
import { nothing } from '../fields.js';
import type { Given } from '../fields.js';
import { Operation } from '../openapi-operation.js';
import { listOf, pageQuery } from '../page.js';
import type { PageQuery } from '../page.js';
import { EndpointIdPipe } from '../path.pipe.js';
import { endpointChange, newEndpoint } from './endpoint-fields.js';
import type { EndpointChangeFields, NewEndpointFields } from './endpoint-fields.js';
import * as operations from './endpoint-operations.js';
import type { EndpointView } from './endpoint-view.js';
import { Endpoints } from './endpoints.js';

/** Targets that several webhooks share, and that log events can be sent to. */
@Controller('v1/endpoints')
@UseGuards(DeveloperGuard)
export class EndpointsController {
  constructor(private readonly endpoints: Endpoints) {}

  @Get()
  @Operation(operations.listEndpoints)
  async list(
    @Caller() caller: Actor,
    @Query({ schema: pageQuery }) query: PageQuery,
  ): Promise<z.output<typeof operations.endpointList>> {
    return listOf(await this.endpoints.list(caller.license, query));
  }

  @Post()
  @TakesBody()
  @Operation(operations.makeEndpoint)
  async create(
    @Caller() caller: KnownCaller,
    @Body({ schema: newEndpoint }) given: Given<NewEndpointFields>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<z.output<typeof operations.madeAnswer>> {
    const { id, secret, warnings } = await this.endpoints.create(caller, given);
    response.set('Location', `/v1/endpoints/${id}`);
    return { id, message: 'Endpoint created successfully', secret, warnings };
  }

  @Get(':id')
  @Operation(operations.getEndpoint)
  get(@Caller() caller: Actor, @Param('id', EndpointIdPipe) id: string): Promise<EndpointView> {
    return this.endpoints.get(caller.license, id);
  }

  @Put(':id')
  @TakesBody()
  @Operation(operations.updateEndpoint)
  async update(
    @Caller() caller: KnownCaller,
    @Param('id', EndpointIdPipe) id: string,
    @Body({ schema: endpointChange }) given: Given<EndpointChangeFields>,
  ): Promise<z.output<typeof operations.changedAnswer>> {
    const { warnings } = await this.endpoints.update(caller, id, given);
    return { id, message: 'Endpoint updated successfully', warnings };
  }

  @Patch(':id')
  @TakesBody()
  @Operation(operations.patchEndpoint)
  patch(
    @Caller() caller: KnownCaller,
    @Param('id', EndpointIdPipe) id: string,
    @Body({ schema: endpointChange }) given: Given<EndpointChangeFields>,
  ): Promise<z.output<typeof operations.changedAnswer>> {
    return this.update(caller, id, given);
  }

  @Delete(':id')
  @Operation(operations.deleteEndpoint)
  async remove(@Caller() caller: Actor, @Param('id', EndpointIdPipe) id: string): Promise<{ message: string }> {
    await this.endpoints.remove(caller, id);
    return { message: 'Endpoint deleted successfully' };
  }

  @Post(':id/verify')
  @TakesBody()
  @Operation(operations.verifyEndpoint)
  async verify(
    @Caller() caller: Actor,
    @Param('id', EndpointIdPipe) id: string,
    @Body({ schema: verification }) { fields }: Given<Verification>,
  ): Promise<{ message: string; verifiedAt: string }> {
    const verifiedAt = await this.endpoints.verify(caller, id, fields.verificationToken);
    return { message: 'Endpoint verified successfully', verifiedAt: verifiedAt.toISOString() };
  }

  @Post(':id/rotate')
  @MayTakeBody()
  @Operation(operations.rotateEndpoint)
  rotate(
    @Caller() caller: Actor,
    @Param('id', EndpointIdPipe) id: string,
    @Body({ schema: rotation }) { fields }: Given<Rotation>,
  ): Promise<Rotated> {
    return this.endpoints.rotate(caller, id, fields);
  }

  @Post(':id/test')
  @MayTakeBody()
  @Operation(operations.testEndpoint)
  test(
    @Caller() caller: Actor,
    @Param('id', EndpointIdPipe) id: string,
    @Body({ schema: nothing }) _given: Given<object>,
  ): Promise<Tested> {
    return this.endpoints.test(caller, id);
  }
}
