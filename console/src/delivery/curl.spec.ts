import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { curlCommand, quoted } from './curl.js';

describe('a text as one word of a shell', () => {
  it.each([
    'plain',
    'two words',
    "it's",
    "''",
    '$HOME `id` "x" \\ !',
    'line\nbreak',
    '{"a":"\u00e9 \u2713"}',
    '',
    '#',
    '~',
    '-n',
    'a\'b"c$d`e\\f',
  ])('%j comes out as it went in', (text) => {
    expect(execFileSync('/bin/sh', ['-c', `printf %s ${quoted(text)}`], { encoding: 'utf8' })).toBe(text);
  });
});

describe('a request as curl', () => {
  const request = {
    url: 'https://fleet.example.com/hook?a=1&b=2',
    headers: {
      'content-type': 'application/json',
      'webhook-id': 'x',
      'webhook-signature': 'v1,abc…',
      'content-length': '7',
      empty: '',
    },
    body: '@{"it":"\'s"}',
  };

  it('has its URL, headers and body, each argument as it is', () => {
    const shown = curlCommand(request).replace(/^curl/, "printf '%s\\n'");
    const args = execFileSync('/bin/sh', ['-c', shown], { encoding: 'utf8' }).trimEnd().split('\n');
    expect(args).toEqual([
      'https://fleet.example.com/hook?a=1&b=2',
      '-H',
      'content-type: application/json',
      '-H',
      'webhook-id: x',
      '-H',
      'empty;',
      '--data-raw',
      '@{"it":"\'s"}',
    ]);
  });

  it('has one argument a line', () => {
    expect(curlCommand({ url: 'https://a.example', headers: {}, body: '{}' })).toBe(
      "curl https://a.example \\\n  --data-raw '{}'",
    );
  });
});
