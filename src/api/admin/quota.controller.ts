import { Body, Controller, Get, Param, Put, UseGuards } from '@nestjs/common';
import { QUOTAS } from '../../core/quota.js';
import type { Actor } from '../../store/actor.js';
import { QuotaStore } from '../../store/quotas.js';
import { AdminGuard } from '../admin.guard.js';
import { TakesBody } from '../body.interceptor.js';
import { Caller } from '../developer.guard.js';
import type { Given } from '../fields.js';
import { Operation } from '../openapi-operation.js';
import { LicensePipe } from '../path.pipe.js';
import { quotaChange, quotaView, viewQuota } from './quota-fields.js';
import type { QuotaChange, QuotaView } from './quota-fields.js';

const example: QuotaView = {
  license: '0xF26421509Efe92861a587482100c6d728aBf1CD0',
  quotas: [
    { name: 'webhooks', limit: 20, isDefault: false, used: 3, description: QUOTAS.webhooks },
    { name: 'endpoints', limit: 100, isDefault: true, used: 1, description: QUOTAS.endpoints },
  ],
};

/** The limits of licenses. */
@Controller('v1/admin/licenses/:license/quota')
@UseGuards(AdminGuard)
export class QuotaController {
  constructor(private readonly quotas: QuotaStore) {}

  @Get()
  @Operation({
    id: 'getQuota',
    tag: 'Administration',
    summary: 'Shows the limits of a license, and what it has used of them',
    access: 'admin',
    status: 200,
    answer: { description: 'All limits; the example leaves some out.', schema: quotaView, example },
  })
  async get(@Param('license', LicensePipe) license: string): Promise<QuotaView> {
    return viewQuota(license, await this.quotas.standing(license));
  }

  @Put()
  @TakesBody()
  @Operation({
    id: 'putQuota',
    tag: 'Administration',
    summary: 'Sets limits of a license',
    description:
      'Those that are named; the others stay as they are. What there is stays when it is more than a new limit. The ' +
      'license is told by a `quota.changed` event, unless everything was so already. Processes notice at once or, for ' +
      'limits per minute, by the next minute.',
    access: 'admin',
    body: {
      schema: quotaChange,
      examples: {
        more: { summary: 'Room for 20 webhooks', value: { webhooks: 20 } },
        gate: { summary: 'Nothing is sent any more', value: { webhooks: 0 } },
        back: { summary: "The installation's limit again", value: { webhooks: null } },
      },
    },
    status: 200,
    answer: { description: 'All limits as they are now; the example leaves some out.', schema: quotaView, example },
  })
  async put(
    @Caller() caller: Actor,
    @Param('license', LicensePipe) license: string,
    @Body({ schema: quotaChange }) { fields }: Given<QuotaChange>,
  ): Promise<QuotaView> {
    await this.quotas.set(caller, license, fields);
    return viewQuota(license, await this.quotas.standing(license));
  }
}
