/** PostgreSQL over TLS and with passwords: it is verified in every connection, and what is wrong is said in one line. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { createAuthority, type Authority } from '../../dev/certificates.js';
import { Database } from '../../src/store/database.js';
import { migrate } from '../../src/store/migrate.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { eventually, type Product } from '../support/product.js';
import { LICENSE, ProductSetup } from '../support/product-setup.js';
import { errorsOf, outputOf, readiness, refusedStart } from '../support/refused-start.js';
import { signalMessage, VEHICLE } from '../support/stream.js';

const PASSWORD = 'correct-horse-battery';
const WRONG_PASSWORD = 'wrong-donkey-staple';
const HOSTS = ['127.0.0.1'];
const LOG_IN =
  'PostgreSQL refuses the log-in: look at user and password in DATABASE_URL, or at DB_USER and DB_PASSWORD';
const TLS = 'no TLS connection to PostgreSQL comes about: look at sslmode and sslrootcert in DATABASE_URL';
const DAY_MS = 24 * 60 * 60 * 1000;

let authority: Authority;
let postgres: OwnPostgres;
let plain: OwnPostgres;
let setup: ProductSetup;
let rootCert: string;
let bothAuthorities: string;

beforeAll(async () => {
  if (process.env.TEST_POSTGRES_BIN === undefined) throw new Error('TEST_POSTGRES_BIN is not set');
  authority = await createAuthority();
  const security = { password: 'operator', certificate: await authority.issue(HOSTS) };
  [postgres, plain] = await Promise.all([OwnPostgres.start({ security }), OwnPostgres.start()]);
  await asOperator(`create role tripline login password '${PASSWORD}'`);
  await asOperator(`create role reader login password '${PASSWORD}'`);
  await asOperator('create database tripline owner tripline');
  const parts = { databaseUrl: urlOf({ query: 'sslmode=no-verify' }), brokers: process.env.TEST_KAFKA_BROKERS! };
  setup = await ProductSetup.create({ parts });
  rootCert = setup.file('database-ca.pem', authority.caPem);
  bothAuthorities = setup.file('both-ca.pem', `${setup.receiver.authorityPem}\n${authority.caPem}`);
}, 60_000);

afterAll(async () => {
  await setup?.stop();
  await Promise.all([postgres?.remove(), plain?.remove()]);
}, 60_000);

interface Place {
  user?: string;
  password?: string;
  host?: string;
  port?: number;
  database?: string;
  query?: string;
}

function urlOf({
  user = 'tripline',
  password = PASSWORD,
  host = '127.0.0.1',
  database,
  query,
  port,
}: Place = {}): string {
  const place = `${host}:${port ?? postgres.port}/${database ?? 'tripline'}`;
  return `postgres://${user}:${password}@${place}?${query ?? verified()}`;
}

function verified(): string {
  return `sslmode=verify-full&sslrootcert=${encodeURIComponent(rootCert)}`;
}

async function asOperator<Row>(sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}

/** Of a running product: what each connection is for, and whether it is encrypted. */
function connections(): Promise<{ purpose: string; ssl: boolean }[]> {
  return asOperator(
    `select application_name as purpose, ssl from pg_stat_activity join pg_stat_ssl using (pid)
      where usename = 'tripline' order by 1`,
  );
}

async function fire(path: string): Promise<void> {
  const developer = await setup.developer(LICENSE);
  await developer.watch({ targetURL: setup.receiver.url(path) }, [VEHICLE]);
  await setup.stream.send(setup.topics.signals, [signalMessage(VEHICLE, { speed: 90 })]);
}

function inParts(parts: Record<string, string>): Record<string, string | undefined> {
  const place = { DB_HOST: '127.0.0.1', DB_PORT: String(postgres.port), DB_USER: 'tripline', DB_NAME: 'tripline' };
  return { DATABASE_URL: undefined, ...place, DB_PASSWORD: PASSWORD, ...parts };
}

describe('with a verified certificate a firing arrives, and all connections are encrypted', () => {
  test.each<[string, () => Record<string, string | undefined>]>([
    ['sslrootcert in DATABASE_URL', () => ({ DATABASE_URL: urlOf() })],
    ['DB_SSL_ROOT_CERT', () => inParts({ DB_SSL_MODE: 'verify-full', DB_SSL_ROOT_CERT: rootCert })],
    ['NODE_EXTRA_CA_CERTS', () => inParts({ DB_SSL_MODE: 'verify-full', NODE_EXTRA_CA_CERTS: bothAuthorities })],
    ['an encrypted connection to whomever', () => inParts({ DB_SSL_MODE: 'require' })],
  ])('%s', async (what, environment) => {
    const path = `/${what.replaceAll(' ', '-')}`;
    const product = await setup.start({ ...environment(), INSTANCE_NAME: 'secured' });
    await fire(path);
    expect(await setup.receiver.arrived(path, 1)).toHaveLength(1);
    const all = await connections();
    expect(new Set(all.map(({ purpose }) => purpose))).toEqual(
      new Set(['tripline secured', 'tripline secured control', 'tripline secured doorbell']),
    );
    expect(all.filter(({ ssl }) => !ssl)).toEqual([]);
    expect(errorsOf(product)).toEqual([]);
    expect(outputOf(product)).not.toContain(PASSWORD);
    expect(await product.stop()).toBe(0);
  });
});

describe('a start that PostgreSQL refuses ends with code 1 and one error that names what to set', () => {
  test.each<[string, () => Record<string, string | undefined>, string]>([
    ['wrong password', () => ({ DATABASE_URL: urlOf({ password: WRONG_PASSWORD }) }), LOG_IN],
    ['wrong password in parts', () => inParts({ DB_SSL_MODE: 'require', DB_PASSWORD: WRONG_PASSWORD }), LOG_IN],
    ['unknown user', () => ({ DATABASE_URL: urlOf({ user: 'nobody' }) }), LOG_IN],
    ['no password', () => ({ DATABASE_URL: urlOf().replace(`:${PASSWORD}`, '') }), LOG_IN],
    ['unknown authority', () => ({ DATABASE_URL: urlOf({ query: 'sslmode=verify-full' }) }), TLS],
    ['unknown authority in parts', () => inParts({ DB_SSL_MODE: 'verify-full' }), TLS],
    ['a certificate for another name', () => ({ DATABASE_URL: urlOf({ host: 'localhost' }) }), TLS],
    ['no file of authorities', () => inParts({ DB_SSL_MODE: 'verify-full', DB_SSL_ROOT_CERT: '/none.pem' }), TLS],
    ['TLS towards plaintext', () => ({ DATABASE_URL: urlOf({ port: plain.port }) }), TLS],
    [
      'plaintext towards TLS',
      () => ({ DATABASE_URL: urlOf({ query: 'sslmode=disable' }) }),
      'PostgreSQL lets nobody in',
    ],
    ['no such database', () => ({ DATABASE_URL: urlOf({ database: 'none' }) }), 'PostgreSQL has no such database'],
    ['a user without rights', () => ({ DATABASE_URL: urlOf({ user: 'reader' }) }), 'PostgreSQL does not allow'],
  ])('%s', async (_what, environment, text) => {
    await expectRefusal(environment(), text);
  });

  test('an expired certificate', async () => {
    await showing(await authority.issue(HOSTS, new Date(Date.now() - DAY_MS / 2)), () =>
      expectRefusal({ DATABASE_URL: urlOf() }, TLS),
    );
  });

  async function expectRefusal(environment: Record<string, string | undefined>, text: string): Promise<void> {
    const { code, errors, output } = await refusedStart({ ...setup.environment, ...environment });
    expect(errors).toEqual([expect.stringContaining(text)]);
    expect(code).toBe(1);
    expect(output).not.toContain(PASSWORD);
    expect(output).not.toContain(WRONG_PASSWORD);
  }
});

describe('no way to PostgreSQL leaves out the verification', () => {
  const silent = { warn: () => undefined };
  const open = (places: { url: string; directUrl?: string }) =>
    Database.open({ ...places, controlPoolSize: 2, dataPoolSize: 2, applicationName: 'ways' }, silent);
  const unverified = () => urlOf({ query: 'sslmode=verify-full' });

  test.each<[string, () => Promise<unknown>]>([
    ['migrations', () => migrate({ url: unverified() }, () => undefined)],
    ['the control plane', () => open({ url: unverified(), directUrl: urlOf() })],
    ['the data plane', () => open({ url: urlOf(), directUrl: unverified() })],
  ])('%s', async (_way, connect) => {
    await expect(connect()).rejects.toHaveProperty(
      'code',
      expect.stringMatching(/^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE)$/),
    );
  });

  test('a connection of its own', async () => {
    const database = await open({ url: urlOf() });
    const foreign = await (await createAuthority()).issue(HOSTS);
    await showing(foreign, async () => {
      const client = database.ownClient('test');
      client.on('error', () => undefined);
      await expect(client.connect()).rejects.toHaveProperty(
        'code',
        expect.stringMatching(/^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE)$/),
      );
    });
    await database.close();
  });
});

describe('what goes wrong while it runs is said once, shown by /ready, and loses nothing once it is put right', () => {
  test.each<[string, string, () => Promise<void>, () => Promise<void>]>([
    ['another password', LOG_IN, () => givePassword('another'), () => givePassword(PASSWORD)],
    [
      'a certificate that nobody knows',
      TLS,
      async () => show(await (await createAuthority()).issue(HOSTS)),
      async () => show(await authority.issue(HOSTS)),
    ],
  ])('%s', async (what, text, breakIt, mendIt) => {
    const path = `/${what.replaceAll(' ', '-')}`;
    const product = await setup.start({ DATABASE_URL: urlOf() });
    await fire(path);
    await setup.receiver.arrived(path, 1);
    await breakIt();
    await setup.stream.send(setup.topics.signals, [signalMessage(VEHICLE, { speed: 91 })]);
    await product.logged(({ level, msg }) => level === 'error' && msg.includes(text));
    await notReady(product);
    expect((await (await setup.developer(LICENSE)).call('GET', '/v1/webhooks')).status).toBe(503);
    expect(await connections()).toEqual([]);

    await mendIt();
    await eventually(async () => (await readiness(product)).status === 200, 'the product is ready again', 60_000);
    expect(await setup.receiver.arrived(path, 2, 60_000)).toHaveLength(2);
    expect(errorsOf(product)).toEqual([expect.stringContaining(text)]);
    expect(outputOf(product)).not.toContain(PASSWORD);
    expect(await product.stop()).toBe(0);
  });

  async function notReady(product: Product): Promise<void> {
    const { status, checks } = await readiness(product);
    expect({ status, database: checks.database }).toEqual({ status: 503, database: false });
  }

  async function givePassword(password: string): Promise<void> {
    await asOperator(`alter role tripline password '${password}'`);
    await asOperator(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tripline'`);
  }
});

async function show(certificate: { certPem: string; keyPem: string }): Promise<void> {
  postgres.useCertificate(certificate);
  await postgres.restart();
}

/** Runs `work` while the server shows this certificate. */
async function showing(certificate: { certPem: string; keyPem: string }, work: () => Promise<void>): Promise<void> {
  await show(certificate);
  try {
    await work();
  } finally {
    await show(await authority.issue(HOSTS));
  }
}
