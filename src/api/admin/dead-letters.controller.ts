import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import type { z } from 'zod';
import { DeadLetterStore } from '../../store/dead-letters.js';
import { AdminGuard } from '../admin.guard.js';
import { Operation } from '../openapi-operation.js';
import { listOf, listSchema, pageOf, pageQuery, pageRequest } from '../page.js';
import type { PageQuery } from '../page.js';
import { deadLetterView, viewDeadLetter } from './dead-letter-view.js';

const deadLetterList = listSchema(deadLetterView).meta({ id: 'DeadLetterList' });

/** What the stream brought that could not be understood. */
@Controller('v1/admin/dead-letters')
@UseGuards(AdminGuard)
export class DeadLettersController {
  constructor(private readonly deadLetters: DeadLetterStore) {}

  @Get()
  @Operation({
    id: 'listDeadLetters',
    tag: 'Administration',
    summary: 'Lists records of the stream that could not be understood, newest first',
    access: 'admin',
    query: pageQuery,
    status: 200,
    answer: {
      description: 'One page.',
      schema: deadLetterList,
      example: {
        data: [
          {
            id: '1042',
            topic: 'topic.device.signals',
            partition: 3,
            offset: '90210',
            index: null,
            reason: 'not_json',
            detail: 'Unexpected end of JSON input',
            excerpt: '{"id":"ce-1","subject":',
            excerptBase64: 'eyJpZCI6ImNlLTEiLCJzdWJqZWN0Ijo=',
            suppressed: 0,
            createdAt: '2026-01-15T12:00:00.000Z',
          },
        ],
        next: null,
      },
    },
  })
  async list(@Query({ schema: pageQuery }) query: PageQuery): Promise<z.output<typeof deadLetterList>> {
    const { limit, after } = pageRequest(query, (text) => (/^\d{1,18}$/.test(text) ? text : undefined));
    const found = await this.deadLetters.list({ limit: limit + 1, ...(after === undefined ? {} : { before: after }) });
    const page = pageOf(found.map(viewDeadLetter), limit, ({ id }) => id);
    return listOf(page);
  }
}
