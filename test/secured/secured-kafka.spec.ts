/** Kafka over TLS and with a log-in: what is wrong is said in one line, and costs no firing. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { createAuthority, type Authority, type Certificate } from '../../dev/certificates.js';
import { OwnKafka } from '../support/own-kafka.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { eventually, Product } from '../support/product.js';
import { LICENSE, ProductSetup } from '../support/product-setup.js';
import { errorsOf, outputOf, readiness, refusedStart } from '../support/refused-start.js';
import { signalMessage, VEHICLE } from '../support/stream.js';

type Environment = Record<string, string | undefined>;

const PASSWORD = 'correct-horse-battery';
const WRONG_PASSWORD = 'wrong-donkey-staple';
const HOSTS = ['127.0.0.1'];
const LOG_IN = 'Kafka refuses the log-in: look at KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD';
const HUNG_UP = 'it hangs up: does it want TLS (KAFKA_SSL) or a log-in (KAFKA_SASL_MECHANISM)?';
const NO_TLS = 'it hangs up before TLS: does it speak TLS (KAFKA_SSL), or is it starting?';
const NO_GROUP = 'may its user read KAFKA_GROUP_ID?';
const TLS = 'no TLS connection to Kafka comes about: look at KAFKA_SSL, at KAFKA_SSL_CA_FILE or NODE_EXTRA_CA_CERTS';
const DAY_MS = 24 * 60 * 60 * 1000;

let authority: Authority;
let postgres: OwnPostgres;
let kafka: OwnKafka;
let setup: ProductSetup;
let caFile: string;
let bothAuthorities: string;

beforeAll(async () => {
  authority = await createAuthority();
  const users = { tripline: PASSWORD, reader: PASSWORD };
  const security = { certificate: await authority.issue(HOSTS), users };
  [postgres, kafka] = await Promise.all([OwnPostgres.start(), OwnKafka.start({ security })]);
  await allow('tripline', ['topic', 'group']);
  await allow('reader', ['topic']);
  setup = await ProductSetup.create({ parts: { databaseUrl: postgres.url, brokers: kafka.address } });
  caFile = setup.file('kafka-ca.pem', authority.caPem);
  bothAuthorities = setup.file('both-ca.pem', `${setup.receiver.authorityPem}\n${authority.caPem}`);
}, 120_000);

afterAll(async () => {
  await setup?.stop();
  await Promise.all([postgres?.remove(), kafka?.remove()]);
}, 60_000);

/** Lets a user read all topics, or groups. */
async function allow(user: string, kinds: ('topic' | 'group')[]): Promise<void> {
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, ResourcePatternTypes, logLevel } = kafkajs;
  const admin = new Kafka({ brokers: [kafka.address], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const resourceTypes = { topic: AclResourceTypes.TOPIC, group: AclResourceTypes.GROUP };
  const acl = kinds.map((kind) => ({
    resourceType: resourceTypes[kind],
    resourceName: '*',
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${user}`,
    host: '*',
    operation: AclOperationTypes.READ,
    permissionType: AclPermissionTypes.ALLOW,
  }));
  await admin.createAcls({ acl });
  await admin.disconnect();
}

/** The settings of a start that succeeds, with changes. */
function secured(changes: Environment = {}): Environment {
  return {
    ...setup.environment,
    KAFKA_BROKERS: kafka.securedAddress,
    KAFKA_SSL: 'true',
    KAFKA_SSL_CA_FILE: caFile,
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USERNAME: 'tripline',
    KAFKA_SASL_PASSWORD: PASSWORD,
    KAFKA_SESSION_TIMEOUT_MS: '1500',
    ...changes,
  };
}

async function fire(path: string): Promise<void> {
  const developer = await setup.developer(LICENSE);
  await developer.watch({ targetURL: setup.receiver.url(path) }, [VEHICLE]);
  await setup.stream.send(setup.topics.signals, [signalMessage(VEHICLE, { speed: 90 })]);
  expect(await setup.receiver.arrived(path, 1)).toHaveLength(1);
}

describe('over TLS and with a log-in a firing arrives', () => {
  test.each<[string, Environment]>([
    ['scram-sha-512', {}],
    ['plain', { KAFKA_SASL_MECHANISM: 'plain' }],
  ])('%s', async (mechanism, changes) => {
    await runs(mechanism, secured(changes));
  });

  test('an authority in NODE_EXTRA_CA_CERTS', async () => {
    await runs('extra', secured({ KAFKA_SSL_CA_FILE: undefined, NODE_EXTRA_CA_CERTS: bothAuthorities }));
  });

  async function runs(name: string, environment: Environment): Promise<void> {
    const product = await setup.start(environment);
    await fire(`/${name}`);
    expect(errorsOf(product)).toEqual([]);
    expect(outputOf(product)).not.toContain(PASSWORD);
    expect(await product.stop()).toBe(0);
  }
});

describe('a start that Kafka refuses ends with code 1 and one error that names what to set', () => {
  test.each<[string, () => Environment, string]>([
    ['wrong password', () => ({ KAFKA_SASL_PASSWORD: WRONG_PASSWORD }), LOG_IN],
    ['wrong password of plain', () => ({ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: WRONG_PASSWORD }), LOG_IN],
    ['unknown user', () => ({ KAFKA_SASL_USERNAME: 'nobody' }), LOG_IN],
    ['unknown user of plain', () => ({ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'nobody' }), LOG_IN],
    ['a mechanism that is off', () => ({ KAFKA_SASL_MECHANISM: 'scram-sha-256' }), LOG_IN],
    ['unknown authority', () => ({ KAFKA_SSL_CA_FILE: undefined }), TLS],
    [
      'a certificate for another name',
      () => ({ KAFKA_BROKERS: kafka.securedAddress.replace(HOSTS[0]!, 'localhost') }),
      TLS,
    ],
    ['no file of authorities', () => ({ KAFKA_SSL_CA_FILE: '/none.pem' }), 'KAFKA_SSL_CA_FILE cannot be read'],
  ])('%s', async (_what, changes, text) => {
    await expectRefusal(changes(), text);
  });

  test('an expired certificate', async () => {
    await show(await authority.issue(HOSTS, new Date(Date.now() - DAY_MS / 2)));
    try {
      await expectRefusal({}, TLS);
    } finally {
      await show(await authority.issue(HOSTS));
    }
  });

  async function expectRefusal(changes: Environment, text: string): Promise<void> {
    const { code, errors, output } = await refusedStart(secured(changes));
    expect(errors).toEqual([expect.stringContaining(text)]);
    expect(code).toBe(1);
    expect(output).not.toContain(PASSWORD);
    expect(output).not.toContain(WRONG_PASSWORD);
  }
});

describe('what may heal by itself is waited for, and it is said what brokers may want', () => {
  test.each<[string, () => Environment, string]>([
    ['no log-in', withoutLogIn, HUNG_UP],
    ['plaintext towards TLS', () => ({ KAFKA_SSL: 'false', KAFKA_SSL_CA_FILE: undefined }), HUNG_UP],
    ['TLS towards plaintext', () => ({ ...withoutLogIn(), KAFKA_BROKERS: kafka.address }), NO_TLS],
    ['a group that its user may not read', () => ({ KAFKA_SASL_USERNAME: 'reader' }), NO_GROUP],
  ])('%s', async (_what, changes, hint) => {
    const product = Product.launch({ environment: secured(changes()) });
    await product.logged(({ level, msg }) => level === 'warn' && msg.includes(hint));
    expect(errorsOf(product)).toEqual([]);
    expect(outputOf(product)).not.toContain(PASSWORD);
    await product.kill();
  });
});

function withoutLogIn(): Environment {
  return { KAFKA_SASL_MECHANISM: undefined, KAFKA_SASL_USERNAME: undefined, KAFKA_SASL_PASSWORD: undefined };
}

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
    const product = await setup.start(secured());
    await fire(path);
    await breakIt();
    await setup.stream.send(setup.topics.signals, [signalMessage(VEHICLE, { speed: 91 })]);
    await product.logged(({ level, msg }) => level === 'error' && msg.includes(text));
    const { status, checks } = await readiness(product);
    expect({ status, kafka: checks.kafka, database: checks.database }).toEqual({
      ...{ status: 503, kafka: false, database: true },
    });

    await mendIt();
    await eventually(async () => (await readiness(product)).status === 200, 'the product is ready again', 60_000);
    expect(await setup.receiver.arrived(path, 2, 60_000)).toHaveLength(2);
    expect(errorsOf(product)).toEqual([expect.stringContaining(text)]);
    expect(outputOf(product)).not.toContain(PASSWORD);
    expect(await product.stop()).toBe(0);
  });

  async function givePassword(password: string): Promise<void> {
    kafka.setScramPassword('tripline', password);
    // A log-in counts for as long as its connection.
    await kafka.restart();
  }
});

async function show(certificate: Certificate): Promise<void> {
  kafka.useCertificate(certificate);
  await kafka.restart();
}
