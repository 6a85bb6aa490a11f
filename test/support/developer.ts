/** A license holder at the REST API. */
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
    expectStatus(await this.call('POST', `/v1/webhooks/${webhookId}/subscribe/list`, { assetDIDs: vehicles }), 200);
  }

  async grant(vehicle: string, permissions = EVERY_PERMISSION): Promise<void> {
    const path = `/v1/admin/grants/${this.license}/${encodeURIComponent(vehicle)}`;
    expectStatus(await request(this.product.url, ADMIN_TOKEN, 'PUT', path, { permissions }), 200);
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
    const { body } = await this.call('GET', `/v1/webhooks/${webhookId}/state`);
    return (body.data as { firings: number }[]).reduce((sum, { firings }) => sum + firings, 0);
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
