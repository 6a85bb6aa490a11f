import { describe, expect, test } from '@jest/globals';
import { AddressGuard } from './address-guard.js';
import { parseTargetUrl, TARGET_URL_MAX_LENGTH } from './target-url.js';

describe('a target URL is absolute, https and without credentials', () => {
  test.each([
    ['https://example.com/hook', 'https://example.com/hook'],
    ['HTTPS://EXAMPLE.com', 'https://example.com/'],
    ['https://example.com:8443/a?b=c', 'https://example.com:8443/a?b=c'],
    ['https://example.com/a@b?c=d@e', 'https://example.com/a@b?c=d@e'],
    ['https://example.com?a@b', 'https://example.com/?a@b'],
    ['https://exämple.com/ü', 'https://xn--exmple-cua.com/%C3%BC'],
    ['https://[2606:4700::1]/', 'https://[2606:4700::1]/'],
  ])('%s', (text, href) => {
    const parsed = parseTargetUrl(text);
    expect(parsed.kind === 'ok' && parsed.url.href).toBe(href);
  });

  test.each([
    ['', 'empty'],
    ['example.com/hook', 'not an absolute URL'],
    ['/hook', 'not an absolute URL'],
    ['https://', 'not an absolute URL'],
    ['https://exa mple.com', 'blank'],
    [' https://example.com', 'blank'],
    ['https://example.com\n', 'blank'],
    ['https://example\t.com', 'blank'],
    ['https:\\\\example.com', 'backslash'],
    ['https://example.com\u0000', 'control character'],
    ['https://256.1.1.1/', 'not an absolute URL'],
    ['https://example.com:65536/', 'not an absolute URL'],
    ['https://example.com:0/', 'port 0'],
    ['http://example.com/', 'https://'],
    ['ftp://example.com/', 'https://'],
    ['file:///etc/passwd', 'https://'],
    ['javascript:alert(1)', 'https://'],
    ['https:example.com', 'https:// and a host'],
    ['https:///example.com', 'https:// and a host'],
    ['https://user@example.com/', 'user name'],
    ['https://:secret@example.com/', 'user name'],
    ['https://@example.com/', 'user name'],
    ['HTTPS://:@example.com', 'user name'],
    ['https://public.example@127.0.0.1/', 'user name'],
    [`https://example.com/${'a'.repeat(TARGET_URL_MAX_LENGTH)}`, 'longer than'],
  ])('refused: %j', (text, reason) => {
    expect(parseTargetUrl(text)).toEqual({ kind: 'invalid', reason: expect.stringContaining(reason) });
  });
});

test('a name beyond ASCII is accepted every time', () => {
  const refused = Array.from({ length: 20_000 }, () => parseTargetUrl('https://exämple.com/ü')).filter(
    ({ kind }) => kind === 'invalid',
  );
  expect(refused).toEqual([]);
});

describe('loopback, private and metadata addresses are blocked in every spelling that URLs know', () => {
  const guard = new AddressGuard({ allow: [] });
  test.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://127.0.1/',
    'https://0x7f.0.0.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://017700000001/',
    'https://0177.0.0.1/',
    'https://127.0.0.1./',
    'https://①②⑦.⓪.⓪.①/',
    'https://127。0。0。1/',
    'https://%31%32%37.0.0.1/',
    'https://0/',
    'https://0.0.0.0/',
    'https://10.1/',
    'https://0xA9FEA9FE/',
    'https://2852039166/',
    'https://169.254.43518/',
    'https://192.168.257/',
    'https://[::]/',
    'https://[::1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[fd00:ec2::254]/',
    'https://[fe80::1]/',
  ])('%s', (text) => {
    const parsed = parseTargetUrl(text);
    const host = parsed.kind === 'ok' ? parsed.url.hostname.replace(/^\[|\]$/g, '') : '';
    expect({ kind: parsed.kind, verdict: guard.judge(host, 443) }).toEqual({ kind: 'ok', verdict: 'blocked' });
    expect(host).toMatch(/^[\d.]+$|:/);
  });
});
