/** A license holder at the REST API. */
import { createTripline, dataOf, type Tripline } from '@tripline/client';
import { ADMIN_TOKEN, type Product } from './product.js';
import { VERIFICATION_TOKEN } from './receiver.js';

export interface Answer {
  status: number;
  headers: Headers;
  /** Parsed, if it is JSON; tests look into it as they please. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

export class Developer {
  constructor(
    private readonly product: Pick<Product, 'url'>,
    readonly license: string,
    private readonly token: string,
  ) {}

  /** What is to succeed, typed; whatever is looked at in the answer, or is to fail, goes through `call`. */
  get api(): Tripline {
    return createTripline({ baseUrl: this.product.url, token: this.token });
  }

  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    return request(this.product.url, this.token, method, path, body);
  }

  /** Registers a webhook and gives the answer; the target is a `Receiver`'s address. */
  register(webhook: { targetURL: string; [field: string]: unknown }): Promise<Answer> {
    return this.call('POST', '/v1/webhooks', {
      service: 'telemetry.signals',
      metricName: 'speed',
      condition: 'value > 55',
      coolDownPeriod: 0,
      verificationToken: VERIFICATION_TOKEN,
      ...webhook,
    });
  }

  /** Lets the license see the vehicles (as an operator would) and subscribes them. */
  async subscribe(webhookId: string, vehicles: string[]): Promise<void> {
    for (const vehicle of vehicles) await this.grant(vehicle);
    const params = { path: { id: webhookId } };
    await this.api.POST('/v1/webhooks/{id}/subscribe/list', { params, body: { assetDIDs: vehicles } });
  }

  async grant(vehicle: string, permissions = EVERY_PERMISSION): Promise<void> {
    const operator = createTripline({ baseUrl: this.product.url, token: ADMIN_TOKEN });
    const params = { path: { license: this.license, did: vehicle } };
    await operator.PUT('/v1/admin/grants/{license}/{did}', { params, body: { permissions } });
  }

  /** Registers a webhook, subscribes vehicles to it, and gives its id and secret. */
  async watch(
    webhook: { targetURL: string; [field: string]: unknown },
    vehicles: string[],
  ): Promise<{ id: string; secret: string }> {
    const answer = await this.register(webhook);
    expectStatus(answer, 201);
    if (vehicles.length > 0) await this.subscribe(answer.body.id as string, vehicles);
    return answer.body as { id: string; secret: string };
  }

  /** How often a webhook has fired, over all its vehicles. */
  async firings(webhookId: string): Promise<number> {
    const { data } = await dataOf(this.api.GET('/v1/webhooks/{id}/state', { params: { path: { id: webhookId } } }));
    return data.reduce((sum, { firings }) => sum + firings, 0);
  }
}

const EVERY_PERMISSION = ['privilege:GetNonLocationHistory', 'privilege:GetLocationHistory'];

export function expectStatus(answer: Answer, status: number): void {
  if (answer.status !== status) {
    throw new Error(`expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
}

/** One request as whoever holds the token. */
export async function request(
  url: string,
  token: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
