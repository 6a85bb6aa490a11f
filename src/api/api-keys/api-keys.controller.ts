import { Body, Controller, Delete, Get, Param, Post, Query, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import type { z } from 'zod';
import type { Actor } from '../../store/actor.js';
import { TakesBody } from '../body.interceptor.js';
import { Caller, DeveloperGuard } from '../developer.guard.js';
import type { Given } from '../fields.js';
import { Operation } from '../openapi-operation.js';
import { listOf, pageQuery } from '../page.js';
import type { PageQuery } from '../page.js';
import { ApiKeyIdPipe } from '../path.pipe.js';
import { newApiKeyRequest } from './api-key-fields.js';
import type { NewApiKeyRequest } from './api-key-fields.js';
import * as operations from './api-key-operations.js';
import type { MadeApiKeyView } from './api-key-operations.js';
import type { ApiKeyView } from './api-key-view.js';
import { ApiKeys } from './api-keys.js';

/** Keys that programs call with instead of a developer's token. */
@Controller('v1/api-keys')
@UseGuards(DeveloperGuard)
export class ApiKeysController {
  constructor(private readonly keys: ApiKeys) {}

  @Get()
  @Operation(operations.listApiKeys)
  async list(
    @Caller() caller: Actor,
    @Query({ schema: pageQuery }) query: PageQuery,
  ): Promise<z.output<typeof operations.apiKeyList>> {
    return listOf(await this.keys.list(caller.license, query));
  }

  @Post()
  @TakesBody()
  @Operation(operations.makeApiKey)
  async create(
    @Caller() caller: Actor,
    @Body({ schema: newApiKeyRequest }) { fields }: Given<NewApiKeyRequest>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MadeApiKeyView> {
    const made = await this.keys.create(caller, fields);
    response.set('Location', `/v1/api-keys/${made.id}`);
    return made;
  }

  @Get(':id')
  @Operation(operations.getApiKey)
  get(@Caller() caller: Actor, @Param('id', ApiKeyIdPipe) id: string): Promise<ApiKeyView> {
    return this.keys.get(caller.license, id);
  }

  @Delete(':id')
  @Operation(operations.revokeApiKey)
  async revoke(@Caller() caller: Actor, @Param('id', ApiKeyIdPipe) id: string): Promise<void> {
    await this.keys.revoke(caller, id);
  }
}
