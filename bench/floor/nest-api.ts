import 'reflect-metadata';
import { randomBytes, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Body, Controller, Get, Headers, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Agent } from 'undici';
import { readSettings } from '../../src/config/settings.js';
import { Database } from '../../src/store/database.js';
import { databaseNow } from '../../src/store/database-time.js';
import { QuotaStore } from '../../src/store/quotas.js';
import { SubscriptionStore } from '../../src/store/subscriptions.js';
import type { TriggerRecord } from '../../src/store/trigger-record.js';
import { TriggerStore } from '../../src/store/triggers.js';

interface NewWebhook {
  targetURL?: string;
  endpointId?: string;
  condition: string;
  displayName: string;
  description: string;
}

/** What the handlers write with: the product's own, so that the statements and their transactions are the same. */
class Stores {
  readonly triggers: TriggerStore;
  readonly subscriptions: SubscriptionStore;

  constructor(database: Database, quotas: QuotaStore) {
    this.triggers = new TriggerStore(database, quotas);
    this.subscriptions = new SubscriptionStore(database, quotas);
  }
}

const CHALLENGE = '{"verification": "test"}';
const BODY_MAX = '1mb';

/**
 * The routes of the REST surface that are measured, as one writes them who trusts everybody: whose license it is says a
 * header, nothing is checked, logged or kept for repetition, and a row is answered as the store gives it.
 */
@Controller('v1/webhooks')
class WebhooksController {
  private readonly agent = new Agent({ pipelining: 1 });

  constructor(private readonly stores: Stores) {}

  @Get()
  list(@Headers('x-license') license: string): Promise<TriggerRecord[]> {
    return this.stores.triggers.list(license);
  }

  @Post()
  async create(@Headers('x-license') license: string, @Body() webhook: NewWebhook): Promise<{ id: string }> {
    const { targetURL, endpointId, ...fields } = webhook;
    const id = randomUUID();
    const trigger = {
      ...({ id, service: 'telemetry.signals', metricName: 'speed', metricKind: 'signal', metric: 'speed' } as const),
      ...({ valueKind: 'number', status: 'enabled', cooldownSeconds: 30 } as const),
      ...fields,
      normalizedCondition: fields.condition,
    };
    const target = endpointId === undefined ? await this.ownTarget(targetURL!) : { sharedEndpointId: endpointId };
    await this.stores.triggers.create({ license, requestId: '' }, { ...trigger, ...target });
    return { id };
  }

  @Post(':id/subscribe/list')
  async subscribeList(
    @Headers('x-license') license: string,
    @Param('id') id: string,
    @Body() { assetDIDs }: { assetDIDs: string[] },
  ): Promise<{ subscribed: number }> {
    const done = await this.stores.subscriptions.add({ license, requestId: '' }, id, assetDIDs);
    if (done.kind !== 'ok') throw new Error(done.kind);
    return { subscribed: done.added.length };
  }

  @Post(':id/subscribe/:did')
  async subscribe(
    @Headers('x-license') license: string,
    @Param('id') id: string,
    @Param('did') vehicle: string,
  ): Promise<{ subscribed: number }> {
    const done = await this.stores.subscriptions.add({ license, requestId: '' }, id, [vehicle]);
    if (done.kind !== 'ok') throw new Error(done.kind);
    return { subscribed: done.added.length };
  }

  /** Asks the target as the product does, with a client that trusts every address. */
  private async ownTarget(url: string) {
    const { origin, pathname } = new URL(url);
    const headers = { 'content-type': 'application/json' };
    const answer = await this.agent.request({ origin, path: pathname, method: 'POST', headers, body: CHALLENGE });
    await answer.body.text();
    const secret = randomBytes(32).toString('base64');
    return { endpoint: { id: randomUUID(), url, secret, verifiedAt: databaseNow() } };
  }
}

@Module({})
class FloorModule {}

const read = readSettings(process.env);
if (read.kind === 'invalid') throw new Error(read.errors.join('\n'));
const { database: places, quotas } = read.settings;
const sizes = { controlPoolSize: places.poolSize, dataPoolSize: places.poolSize };
const database = await Database.open({ url: places.url, ...sizes, applicationName: 'tripline bench floor' });
const stores = new Stores(database, new QuotaStore(database, quotas));
const root = {
  module: FloorModule,
  controllers: [WebhooksController],
  providers: [{ provide: Stores, useFactory: () => stores }],
};
const app = await NestFactory.create<NestExpressApplication>(root, { logger: false });
app.useBodyParser('json', { limit: BODY_MAX });
app.disable('x-powered-by');
app.set('etag', false);
await app.listen(0, '127.0.0.1');
process.once('disconnect', () => process.exit());
process.send!(`http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`);
