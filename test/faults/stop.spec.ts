/** The end of a product: SIGTERM, with work in hand, and in the middle of its start. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ProductSetup } from '../support/product-setup.js';
import { Product } from '../support/product.js';

let setup: ProductSetup;
beforeEach(async () => (setup = await ProductSetup.create()), 60_000);
afterEach(() => setup?.stop(), 30_000);

/** A client that has sent half of a request, and neither goes on nor goes away; resolves when the API has read it. */
async function halfARequest(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  const head = ['POST /v1/webhooks HTTP/1.1', 'Host: localhost', `Authorization: Bearer ${await token()}`];
  const body = ['Content-Type: application/json', 'Content-Length: 1000', 'Expect: 100-continue'];
  socket.write([...head, ...body, '', '{"service":'].join('\r\n'));
  await once(socket, 'data');
  return socket;
}

const token = () => setup.issuer.issue({ license: '0x1234567890123456789012345678901234567890' });

test('a request that never ends keeps no stage from stopping', async () => {
  const product = await setup.start({ SHUTDOWN_GRACE_SECONDS: '12' });
  const socket = await halfARequest(product.url);
  const closed = once(socket, 'close');
  expect(await product.stop()).toBe(0);
  await closed;
  const stopped = product.lines.filter(({ msg }) => msg === 'stage stopped').map(({ stage }) => stage);
  expect([...stopped].sort()).toEqual(['api', 'delivery', 'engine', 'ground']);
  expect(stopped.at(-1)).toBe('ground');
  expect(product.lines.filter(({ level }) => level === 'error')).toEqual([]);
}, 60_000);

test.each(['all', 'engine'])(
  'a stop while Kafka says nothing to the start of %s is one in order',
  async (ROLE) => {
    const silence = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
    const sockets: Socket[] = [];
    silence.listen(0, '127.0.0.1');
    await once(silence, 'listening');
    const KAFKA_BROKERS = `127.0.0.1:${(silence.address() as AddressInfo).port}`;
    const asked = once(silence, 'connection');
    const product = Product.launch({ environment: { ...setup.environment, ROLE, KAFKA_BROKERS } });
    await Promise.race([asked, product.ended().then(() => Promise.reject(new Error(product.tail())))]);
    expect(await product.stop()).toBe(0);
    const said = product.lines.map(({ msg }) => msg);
    expect(said.filter((msg) => msg === 'started' || msg.startsWith('joined'))).toEqual([]);
    expect(product.lines.filter(({ level }) => level === 'error')).toEqual([]);
    for (const socket of sockets) socket.destroy();
    silence.close();
  },
  60_000,
);

test('a schedule of retries that outlives the events is refused before anything is asked of the database', async () => {
  for (const ROLE of ['all', 'api', 'engine', 'delivery']) {
    const product = Product.launch({
      environment: {
        ...setup.environment,
        ...{ ROLE, DELIVERY_RETRY_SCHEDULE: '48h,48h', EVENT_RETENTION_DAYS: '3' },
        DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere',
      },
    });
    expect(await product.ended()).toBe(1);
    expect(product.tail()).toContain('DELIVERY_RETRY_SCHEDULE');
    expect(product.lines.filter(({ msg }) => msg.includes('database'))).toEqual([]);
  }
}, 60_000);
