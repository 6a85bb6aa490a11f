import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { createAuthority } from '../../dev/certificates.js';
import { brokerTls } from './broker-tls.js';

const folder = mkdtempSync(join(tmpdir(), 'tripline-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('authorities come from the file, and only where TLS is wanted', async () => {
  const { caPem } = await createAuthority();
  const file = join(folder, 'ca.pem');
  writeFileSync(file, caPem);
  expect(brokerTls(true, file)).toEqual({ ca: caPem });
  expect([brokerTls(false, file), brokerTls(true, undefined)]).toEqual([false, true]);
});

test('a file that is absent, or has no certificate, is told by its name', () => {
  const [absent, empty] = [join(folder, 'absent.pem'), join(folder, 'empty.pem')];
  writeFileSync(empty, 'no certificate');
  expect(() => brokerTls(true, absent)).toThrow(/KAFKA_SSL_CA_FILE cannot be read: .*absent\.pem/);
  expect(() => brokerTls(true, empty)).toThrow(/KAFKA_SSL_CA_FILE has no PEM certificate: .*empty\.pem/);
});
