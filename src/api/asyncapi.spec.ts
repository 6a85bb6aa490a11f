import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { send, TestApi } from '../../test/support/api.js';
import { builtInCatalog } from '../core/catalog.js';
import { extendCatalog } from '../core/catalog-extension.js';
import { LICENSE_EVENT_TYPES } from '../core/event-types.js';
import { createAsyncDocument } from './asyncapi-document.js';
import { EXAMPLE_SECRET } from './example-keys.js';

type Json = Record<string, unknown>;
interface Message {
  name: string;
  contentType: string;
  headers: Json;
  payload: Json;
  examples: { name: string; headers?: Record<string, string>; payload: Json }[];
}
interface Operation {
  action: string;
  channel: { $ref: string };
  messages: { $ref: string }[];
}
interface Document {
  asyncapi: string;
  info: { title: string; version: string };
  servers: Record<string, { host: string; protocol: string; variables: object }>;
  channels: Record<
    string,
    { address: string | null; servers: { $ref: string }[]; messages: Record<string, { $ref: string }> }
  >;
  operations: Record<string, Operation>;
  components: { messages: Record<string, Message>; schemas: Record<string, Json> };
}

const printed = `${JSON.stringify(createAsyncDocument(builtInCatalog), null, 2)}\n`;
const document = JSON.parse(printed) as Document;
const messages = Object.entries(document.components.messages);

/** What a reference of the document points to; throws when there is nothing. */
function resolved(reference: string): unknown {
  return reference
    .slice('#/'.length)
    .split('/')
    .reduce<unknown>((node, name) => {
      if (typeof node !== 'object' || node === null || !(name in node)) throw new Error(`nothing is at ${reference}`);
      return (node as Json)[name];
    }, document);
}

/** A schema of the document that stands on its own. */
function validator(schema: Json): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: document.components.schemas });
  return z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as Json);
}

describe('the document', () => {
  test('is AsyncAPI 3.0, says nothing of this machine and stays small', () => {
    expect(document).toMatchObject({ asyncapi: '3.0.0', info: { title: 'Tripline', version: expect.any(String) } });
    expect(printed).not.toMatch(/localhost|127\.0\.0\.1|\/home\//);
    expect(printed.length).toBeLessThan(250_000);
  });

  test('is the one in the repository, once there is one', () => {
    const path = 'docs/asyncapi.json';
    if (existsSync(path)) expect(readFileSync(path, 'utf8')).toBe(printed);
  });

  test('refers to nothing that is not there, and has nothing that nobody refers to', () => {
    const references = [...printed.matchAll(/"\$ref": "([^"]+)"/g)].map(([, reference]) => reference!);
    for (const reference of references) expect(resolved(reference)).toBeInstanceOf(Object);
    const referred = new Set(references);
    for (const name of Object.keys(document.components.schemas))
      expect(referred).toContain(`#/components/schemas/${name}`);
    for (const [name] of messages) expect(referred).toContain(`#/components/messages/${name}`);
  });

  test('reads two topics and sends deliveries, each message over its own channel', () => {
    const operations = Object.values(document.operations).map(({ action, channel }) => [action, channel.$ref]);
    expect(operations).toEqual([
      ['receive', '#/channels/signals'],
      ['receive', '#/channels/events'],
      ['send', '#/channels/deliveries'],
    ]);
    expect(document.channels.signals!.address).toBe('topic.device.signals');
    expect(document.channels.events!.address).toBe('topic.device.events');
    for (const operation of Object.values(document.operations)) {
      expect(operation.messages.length).toBeGreaterThan(0);
      for (const { $ref } of operation.messages)
        expect($ref.startsWith(`${operation.channel.$ref}/messages/`)).toBe(true);
    }
  });

  test('has keys that AsyncAPI allows', () => {
    const { servers, channels, operations, components } = document;
    const keys = [servers, channels, operations, components.messages, components.schemas].flatMap(Object.keys);
    for (const key of keys) expect(key).toMatch(/^[a-zA-Z0-9._-]+$/);
  });

  test('has each type of the log that a license can hear of', () => {
    const names = messages.map(([, { name }]) => name);
    for (const type of LICENSE_EVENT_TYPES) {
      expect(names).toContain(type === 'trigger.fired' ? 'dimo.trigger' : `tripline.${type}`);
    }
    expect(names.join()).not.toContain('stream.');
  });

  test("has the catalogue's names and units, an operator's own among them", () => {
    const extended = extendCatalog(builtInCatalog, {
      signals: [{ name: 'cargoHumidity', unit: 'percent', valueType: 'float64' }],
    });
    if (extended.kind !== 'ok') throw new Error('the extension is not valid');
    const { components } = createAsyncDocument(extended.catalog) as unknown as Document;
    const { SignalName: signals, EventName: events } = components.schemas as Record<string, Record<string, unknown>>;
    expect(signals!.enum).toHaveLength(builtInCatalog.signals.length + 1);
    expect(signals!['x-signals']).toMatchObject({ cargoHumidity: { valueType: 'float64', unit: 'percent' } });
    expect(events!.enum).toContain('behavior.harshBraking');
  });
});

describe.each(messages)('%s', (_key, { headers, payload, examples }) => {
  test('has examples that are as its schema says', () => {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      expect(validator(payload).safeParse(example.payload)).toMatchObject({ success: true });
      if (example.headers) expect(validator(headers).safeParse(example.headers)).toMatchObject({ success: true });
    }
  });

  test('has a schema that refuses what is none of it', () => {
    for (const { payload: body } of examples) {
      const others = [{}, [], 'text', { ...body, subject: 'did:erc721:137', type: 'another', data: 1 }];
      for (const other of others) expect(validator(payload).safeParse(other).success).toBe(false);
    }
  });

  test('has the signatures of its examples from a Standard Webhooks library too', () => {
    for (const { headers: sent, payload: body } of examples) {
      if (sent === undefined) continue;
      const signedAt = new Date(Number(sent['webhook-timestamp']) * 1000);
      const signature = new Webhook(EXAMPLE_SECRET).sign(sent['webhook-id']!, signedAt, JSON.stringify(body));
      expect(sent['webhook-signature']).toBe(signature);
    }
  });
});

test('a running server answers with the document, to anyone', async () => {
  const api = await TestApi.start();
  try {
    const answer = await send(api.url, 'GET', '/asyncapi.json');
    expect([answer.status, answer.body]).toEqual([200, document]);
  } finally {
    await api.stop();
  }
});
