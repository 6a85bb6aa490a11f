import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import type { Schema } from '@tripline/client';
import { definitionText, exampleCommand, makeCommand } from './copy-text.js';

const definition: Schema<'CopyableWebhook'>['definition'] = {
  service: 'telemetry.signals',
  metricName: 'speed',
  condition: "value > 55 && source == 'a'",
  coolDownPeriod: 30,
  maxSampleAgeSeconds: null,
  description: 'it’s "quoted" $HOME `x`',
  autoSubscribe: false,
  targetURL: 'https://fleet.example.com/hook?a=1&b=2',
  profile: 'standard',
  headerPrefix: null,
  headers: null,
  contentType: 'application/json',
  timeoutSeconds: null,
  retry: null,
  maxPerSecond: null,
  asymmetric: false,
};

/** What a shell makes of a command: the words that curl would be given. */
function words(command: string): string[] {
  const script = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${command}`;
  const env = { TRIPLINE_TOKEN: 'tk', VERIFICATION_TOKEN: 'vt', HOME: '/wrong' };
  return execFileSync('/bin/sh', ['-c', script], { env, encoding: 'utf8' }).split('\0').slice(0, -1);
}

test('the command makes the same webhook, whatever is in its texts, with tokens from the shell', () => {
  const [url, , authorization, , type, , body] = words(makeCommand({ definition }, 'http://127.0.0.1:3003'));
  expect([url, authorization, type]).toEqual([
    'http://127.0.0.1:3003/v1/webhooks',
    'Authorization: Bearer tk',
    'content-type: application/json',
  ]);
  expect(JSON.parse(body!)).toEqual({ ...definition, verificationToken: 'vt' });
});

test('the definition is what it is', () => expect(JSON.parse(definitionText({ definition }))).toEqual(definition));

test('the example keeps its headers and its body to the byte', () => {
  const body = '{"data":"it\'s"}';
  const headers = { 'webhook-id': '1', 'webhook-signature': 'v1,a=' };
  const sent = words(exampleCommand({ example: { method: 'POST', url: 'https://x.example/', headers, body } }));
  expect(sent).toEqual([
    'https://x.example/',
    '-H',
    'webhook-id: 1',
    '-H',
    'webhook-signature: v1,a=',
    '--data-raw',
    body,
  ]);
});
