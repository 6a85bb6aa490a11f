// Makes requests with the compiled code, has every sample receiver judge them in its own process, and compares.
import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deliveryRequest } from '../../../dist/target/delivery-request.js';
import { newAsymmetricKey, publicKeyOf } from '../../../dist/target/asymmetric.js';
import { newSigningSecret, SecretBox } from '../../../dist/target/secret-box.js';

const NOW = 1_800_000_000;
const BODY_MEMBER = '"note":"größe € \\u2028 \\"v1=\\"","durationNs":18446744073709551615';
const box = new SecretBox([randomBytes(32)]);

function request({ secret, previousSecret, signingKey, previousSigningKey, profile = 'standard' }) {
  const endpointId = randomUUID();
  const eventId = randomUUID();
  const seal = (text) => (text === undefined ? null : box.seal(text, endpointId));
  const target = {
    endpointId,
    license: '0x1111111111111111111111111111111111111111',
    url: 'https://receiver.example/',
    status: 'active',
    secret: seal(secret),
    previousSecret: seal(previousSecret),
    signingKey: seal(signingKey),
    previousSigningKey: seal(previousSigningKey),
    headers: null,
    profile,
    headerPrefix: null,
    contentType: 'application/json',
    timeoutSeconds: null,
    retry: null,
    maxPerSecond: null,
  };
  const envelope = `{"id":"${eventId}","time":"2026-01-12T10:30:00.250Z","type":"dimo.trigger","data":{${BODY_MEMBER}}}`;
  const message = { deliveryId: randomUUID(), eventId, eventType: 'trigger.fired', attempt: 1, envelope };
  const { headers, body } = deliveryRequest({ ...message, nowMs: NOW * 1_000 + 999 }, target, box).request;
  return { headers, body: body.toString() };
}

/** What each receiver is asked, and what it has to say. */
function standardCases() {
  const secret = newSigningSecret();
  const own = 'a secret of plain characters';
  const old = newSigningSecret();
  const good = { keys: [secret], now: NOW, ...request({ secret }) };
  const rotated = { now: NOW, ...request({ secret, previousSecret: old }) };
  const withHeader = (name, value) => ({ ...good, headers: { ...good.headers, [name]: value } });
  const hmac = good.headers['webhook-signature'];
  return [
    accepted('a delivery', good),
    accepted('with a secret of plain characters', { ...good, keys: [own], ...request({ secret: own }) }),
    accepted('five minutes late', { ...good, now: NOW + 300 }),
    accepted('five minutes early', { ...good, now: NOW - 300 }),
    accepted('in rotation, with the new secret', { ...rotated, keys: [secret] }),
    accepted('in rotation, with the old secret', { ...rotated, keys: [old] }),
    accepted('with one of two secrets', { ...good, keys: [newSigningSecret(), secret] }),
    accepted('after a signature of an unknown version', withHeader('webhook-signature', `v9,AAAA ${hmac}`)),
    accepted('beside an asymmetric signature', { ...good, ...request({ secret, signingKey: newAsymmetricKey() }) }),
    refused('a changed body', { ...good, body: good.body.replace('10:30', '10:31') }),
    refused('a body with white space behind it', { ...good, body: `${good.body}\n` }),
    refused('another secret', { ...good, keys: [newSigningSecret()] }),
    refused('no secret at all', { ...good, keys: [] }),
    refused('too old', { ...good, now: NOW + 301 }),
    refused('too early', { ...good, now: NOW - 301 }),
    refused('another id', withHeader('webhook-id', randomUUID())),
    refused('another second', withHeader('webhook-timestamp', String(NOW + 1))),
    refused('a timestamp that is none', withHeader('webhook-timestamp', 'soon')),
    refused('no signature', withHeader('webhook-signature', '')),
    refused('half a signature', withHeader('webhook-signature', hmac.slice(0, 24))),
    refused('a signature under another version', withHeader('webhook-signature', hmac.replace('v1,', 'v2,'))),
  ];
}

function asymmetricCases() {
  const [signingKey, previousSigningKey] = [newAsymmetricKey(), newAsymmetricKey()];
  const keys = [publicKeyOf(signingKey)];
  const good = { keys, now: NOW, ...request({ secret: newSigningSecret(), signingKey, previousSigningKey }) };
  return [
    accepted('asymmetric', good),
    accepted('asymmetric, with the old key', { ...good, keys: [publicKeyOf(previousSigningKey)] }),
    refused('asymmetric, a changed body', { ...good, body: `${good.body} ` }),
    refused('asymmetric, too old', { ...good, now: NOW + 301 }),
    refused('asymmetric, another key', { ...good, keys: [publicKeyOf(newAsymmetricKey())] }),
  ];
}

function profileCases() {
  return ['dimo', 'desmo', 'dembrane', 'dodev'].flatMap((profile) => {
    const secret = newSigningSecret();
    const good = { profile, secret, ...request({ secret, profile }) };
    const rotated = request({ secret, previousSecret: newSigningSecret(), profile });
    return [
      accepted(profile, good),
      accepted(`${profile}, in rotation`, { ...good, ...rotated }),
      refused(`${profile}, a changed body`, { ...good, body: `${good.body} ` }),
      refused(`${profile}, another secret`, { ...good, secret: newSigningSecret() }),
    ];
  });
}

function accepted(name, input) {
  return { input: { name, ...input }, expected: `${name}: accepted` };
}

function refused(name, input) {
  return { input: { name, ...input }, expected: `${name}: refused` };
}

const folder = mkdtempSync(join(tmpdir(), 'tripline-verify-'));
let failures = 0;

function check(command, cases) {
  const file = join(folder, 'requests.json');
  writeFileSync(file, JSON.stringify(cases.map(({ input }) => input)));
  const [program, ...words] = command.split(' ');
  const { status, stdout, stderr, error } = spawnSync(program, [...words, file], {
    encoding: 'utf8',
    timeout: 300_000,
  });
  const said = (stdout ?? '').split('\n');
  const wrong = cases.filter(({ expected }, index) => said[index] !== expected);
  if (status !== 0 || wrong.length > 0 || said.length !== cases.length + 1) {
    failures++;
    console.error(`${command} is wrong (exit ${status})`, error ?? '', stderr ?? '');
    for (const { expected } of wrong) console.error(`  not said: ${expected}`);
  } else {
    console.log(`${command}: ${cases.length} requests judged rightly`);
  }
}

try {
  const standard = standardCases();
  check('node docs/verify/verify.mjs', [...standard, ...asymmetricCases()]);
  check('python3 docs/verify/verify.py', standard);
  check('go run docs/verify/verify.go', standard);
  check('python3 test/support/verifiers/profile_verifiers.py', profileCases());
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = failures === 0 ? 0 : 1;
