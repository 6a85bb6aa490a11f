import createClient from 'openapi-fetch';
import type { Client } from 'openapi-fetch';
import { authorizationOf } from './connection.js';
import type { Connection } from './connection.js';
import { readProblem } from './problem.js';
import type { components, paths } from './schema.js';

export type { Connection } from './connection.js';
export { Problem } from './problem.js';
export type { components, operations, paths } from './schema.js';
export { followStream } from './stream.js';
export type { ConnectionState, StreamEntry, StreamFilter, StreamOptions } from './stream.js';

/** A schema of the OpenAPI document by its name, such as `Schema<'Webhook'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/** Every operation by method and path: `tripline.GET('/v1/webhooks')`. Each throws a `Problem` instead of an error. */
export type Tripline = Client<paths>;

/** Makes a client. Nothing is sent before the first call, and nothing is sent twice: whoever calls decides on that. */
export function createTripline(connection: Connection): Tripline {
  const { baseUrl, fetch } = connection;
  const tripline = createClient<paths>({ baseUrl, ...(fetch && { fetch }) });
  tripline.use({
    onRequest({ request }) {
      request.headers.set('authorization', authorizationOf(connection));
    },
    async onResponse({ response }) {
      if (!response.ok) throw await readProblem(response);
    },
  });
  return tripline;
}

/** What a call answered: `await dataOf(tripline.GET('/v1/me'))`. Undefined only where the document says so. */
export async function dataOf<Data>(answer: Promise<{ data?: Data }>): Promise<Data> {
  const { data } = await answer;
  return data as Data;
}
