import { Controller, Get, Header, Res } from '@nestjs/common';
import type { Response } from 'express';
import { z } from 'zod';
import { Health } from '../../observability/health.js';
import { Operation } from '../openapi-operation.js';

const healthAnswer = z.object({ data: z.string() }).meta({ id: 'Health' });
const readyAnswer = z
  .object({ ready: z.boolean(), checks: z.record(z.string(), z.boolean()) })
  .meta({ id: 'Readiness' });

/** What is open to anyone: that the service lives. */
@Controller()
export class ServiceController {
  constructor(private readonly health: Health) {}

  @Get()
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @Operation({
    id: 'getRoot',
    tag: 'Service',
    summary: 'Says who answers',
    access: 'anyone',
    status: 200,
    answer: { description: 'One line of text.', schema: z.string(), example: 'Tripline: telemetry triggers\n' },
  })
  getRoot(): string {
    return 'Tripline: telemetry triggers\n';
  }

  @Get('health')
  @Operation({
    id: 'getHealth',
    tag: 'Service',
    summary: 'Says that the process lives',
    description: 'Always 200 while it does; `/ready` says whether it can work.',
    access: 'anyone',
    status: 200,
    answer: { description: 'It lives.', schema: healthAnswer, example: { data: 'Server is up and running' } },
  })
  getHealth(): z.output<typeof healthAnswer> {
    return { data: 'Server is up and running' };
  }

  @Get('ready')
  @Operation({
    id: 'getReadiness',
    tag: 'Service',
    summary: 'Says whether the process can work: its database answers, and so on',
    access: 'anyone',
    status: 200,
    answer: {
      description: 'It can. With status 503 the same body says what fails.',
      schema: readyAnswer,
      example: { ready: true, checks: { database: true } },
    },
  })
  async getReadiness(@Res({ passthrough: true }) response: Response): Promise<z.output<typeof readyAnswer>> {
    const report = await this.health.report();
    if (!report.ready) response.status(503);
    return report;
  }
}
