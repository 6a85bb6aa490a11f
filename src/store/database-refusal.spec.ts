import { expect, test } from '@jest/globals';
import { databaseHintOf, databaseRefusalOf } from './database-refusal.js';

const coded = (code: string, message = 'text') => Object.assign(new Error(message), { code });

const HUNG_UP = 'Client network socket disconnected before secure TLS connection was established';

test.each<[string, unknown, string]>([
  ['a wrong password', coded('28P01'), 'DB_PASSWORD'],
  ['a password that is not there', new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password'), 'DB_PASSWORD'],
  ['a way in that is not open', coded('28000'), 'pg_hba.conf'],
  ['an unknown database', coded('3D000'), 'DB_NAME'],
  ['missing rights', coded('42501'), 'CREATE'],
  ['an unknown authority', coded('SELF_SIGNED_CERT_IN_CHAIN'), 'DB_SSL_ROOT_CERT'],
  ['one certificate without its authority', coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'NODE_EXTRA_CA_CERTS'],
  ['a certificate that vouches for itself', coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'sslrootcert'],
  ['another name', coded('ERR_TLS_CERT_ALTNAME_INVALID'), "a name in the server's certificate"],
  ['an expired certificate', coded('CERT_HAS_EXPIRED'), 'DB_SSL_MODE'],
  ['a server without TLS', new Error('The server does not support SSL connections'), 'sslmode'],
  ['no file of authorities', Object.assign(coded('ENOENT'), { syscall: 'open' }), 'sslrootcert'],
  ['one that TypeORM wraps', Object.assign(new Error('wrapped'), { driverError: coded('28P01') }), 'DATABASE_URL'],
  ['one that is a cause', new Error('wrapped', { cause: coded('28P01') }), 'DATABASE_URL'],
])('%s is a refusal that says where to look', (_what, error, text) => {
  expect(databaseRefusalOf(error)?.text).toContain(text);
});

test.each<[string, unknown]>([
  ['a refused connection', Object.assign(coded('ECONNREFUSED'), { syscall: 'connect' })],
  ['a socket that is not there', Object.assign(coded('ENOENT'), { syscall: 'connect' })],
  ['a server that starts', coded('57P03')],
  ['a server that is full', coded('53300')],
  ['one that hangs up before TLS', coded('ECONNRESET', HUNG_UP)],
  ['a duplicate key', coded('23505')],
  ['a name that is inherited', coded('constructor')],
  ['nothing', undefined],
])('%s is none', (_what, error) => {
  expect(databaseRefusalOf(error)).toBeUndefined();
});

test('the cause is told', () => {
  const error = coded('28P01', 'password authentication failed for user "me"');
  expect(databaseRefusalOf(error)?.text).toMatch(/\(password authentication failed for user "me"\)$/);
});

test('who hangs up before TLS is told what it may want', () => {
  expect(databaseHintOf(coded('ECONNRESET', HUNG_UP))).toContain('DB_SSL_MODE');
  expect(databaseHintOf(coded('ECONNRESET'))).toBeUndefined();
});
