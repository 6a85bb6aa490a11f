/** Servers of a test's own come back with everything they had, whatever is done to them. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LICENSE, ProductSetup } from '../support/product-setup.js';
import { OwnKafka } from '../support/own-kafka.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { signalMessage, VEHICLE } from '../support/stream.js';
import { TcpProxy } from '../support/tcp-proxy.js';

let postgres: OwnPostgres;
let kafka: OwnKafka;
let proxy: TcpProxy;
let setup: ProductSetup;

beforeAll(async () => {
  [postgres, kafka] = await Promise.all([OwnPostgres.start(), OwnKafka.start()]);
  proxy = await TcpProxy.start(postgres.port);
  const productDatabaseUrl = postgres.url.replace(`:${postgres.port}/`, `:${proxy.port}/`);
  setup = await ProductSetup.create({
    parts: { databaseUrl: postgres.url, brokers: kafka.address, productDatabaseUrl },
  });
  await setup.start({ KAFKA_SESSION_TIMEOUT_MS: '1500' });
}, 60_000);

afterAll(async () => {
  await setup?.stop();
  await proxy?.stop();
  await Promise.all([postgres?.remove(), kafka?.remove()]);
}, 60_000);

test.each<[string, () => Promise<void>]>([
  ['nothing', () => Promise.resolve()],
  ['a crash of PostgreSQL', () => postgres.restart('SIGQUIT')],
  ['a crash of Kafka', () => kafka.restart('SIGKILL')],
])('after %s a firing arrives', async (what, happen) => {
  const path = `/${what.replaceAll(' ', '-')}`;
  const developer = await setup.developer(LICENSE);
  await developer.watch({ targetURL: setup.receiver.url(path) }, [VEHICLE]);
  await happen();
  await setup.stream.send(setup.topics.signals, [signalMessage(VEHICLE, { speed: 90 })]);
  expect(await setup.receiver.arrived(path, 1, 20_000)).toHaveLength(1);
});
