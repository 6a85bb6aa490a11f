import { Controller, Get, Param, UseGuards } from '@nestjs/common';
import type { Actor } from '../../store/actor.js';
import { OperationStore } from '../../store/operations.js';
import { Caller, DeveloperGuard } from '../developer.guard.js';
import { Operation } from '../openapi-operation.js';
import { OperationIdPipe } from '../path.pipe.js';
import { operationNotFound } from '../problem.js';
import { operationView, viewOperation } from './operation-view.js';
import type { OperationView } from './operation-view.js';

/** Bulk calls that went on after their answer. */
@Controller('v1/operations')
@UseGuards(DeveloperGuard)
export class OperationsController {
  constructor(private readonly operations: OperationStore) {}

  @Get(':id')
  @Operation({
    id: 'getOperation',
    scope: 'webhooks:read',
    tag: 'Operations',
    summary: 'Shows how far a call is that goes on after its answer',
    description: 'Kept for a week.',
    access: 'developer',
    status: 200,
    answer: {
      description: 'How far it is, and what came of it once it is completed.',
      schema: operationView,
      example: {
        done: 100_000,
        total: 100_000,
        completed: true,
        result: { message: 'Subscribed 99000 assets', subscribed: 99_000, alreadySubscribed: 1_000 },
      },
    },
    problems: { 404: 'Your license has no such operation.' },
  })
  async get(@Caller() caller: Actor, @Param('id', OperationIdPipe) id: string): Promise<OperationView> {
    const found = await this.operations.find(caller.license, id);
    if (found === undefined) throw operationNotFound();
    return viewOperation(found);
  }
}
