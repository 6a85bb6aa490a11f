import { Controller, Get, UseGuards } from '@nestjs/common';
import { ApiKeyStore } from '../../store/api-keys.js';
import { QuotaStore } from '../../store/quotas.js';
import type { KnownCaller } from '../caller.js';
import { Caller, DeveloperGuard } from '../developer.guard.js';
import { Operation } from '../openapi-operation.js';
import { meView } from './me-view.js';
import type { MeView } from './me-view.js';

/** Who is calling. */
@Controller('v1/me')
@UseGuards(DeveloperGuard)
export class MeController {
  constructor(
    private readonly quotas: QuotaStore,
    private readonly apiKeys: ApiKeyStore,
  ) {}

  @Get()
  @Operation({
    id: 'getMe',
    tag: 'Service',
    summary: 'Says who is calling, what they may do, and how the license stands with its limits',
    access: 'developer',
    scope: null,
    status: 200,
    answer: {
      description: 'As of now; the example leaves out some limits.',
      schema: meView,
      example: {
        license: '0xF26421509Efe92861a587482100c6d728aBf1CD0',
        actor: { kind: 'api_key', keyId: '019a3f6e-7c00-7b2e-9d55-0c9e6f1a2b3c', name: 'fleet dashboard' },
        scopes: ['webhooks:read', 'events:read'],
        quota: [
          { name: 'webhooks', limit: 1_000, used: 12 },
          { name: 'requestsPerMinute', limit: 6_000, used: 600 },
        ],
      },
    },
  })
  async get(@Caller() caller: KnownCaller): Promise<MeView> {
    const { license, scopes } = caller;
    const standing = await this.quotas.standing(license);
    return {
      license,
      actor: await this.actorOf(caller),
      scopes: [...scopes],
      quota: standing.map(({ name, limit, used }) => ({ name, limit, used })),
    };
  }

  private async actorOf({ license, keyId }: KnownCaller): Promise<MeView['actor']> {
    if (keyId === undefined) return { kind: 'token' };
    const key = await this.apiKeys.get(license, keyId);
    return { kind: 'api_key', keyId, ...(key && { name: key.name }) };
  }
}
