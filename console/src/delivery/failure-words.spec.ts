import { describe, expect, it } from '@jest/globals';
import { attemptWords, capitalised, failureOf } from './failure-words.js';

describe('a failure in words', () => {
  it.each([
    [null, 'The connection failed (ECONNREFUSED).', 'connection refused'],
    [null, 'The connection failed (ECONNRESET).', 'connection reset'],
    [null, 'The connection failed (UND_ERR_SOCKET).', 'connection reset'],
    [null, 'The connection failed (EPROXY).', 'proxy refused'],
    [null, 'The connection failed (EHOSTUNREACH).', 'host unreachable'],
    [null, 'The connection failed (ENEW).', 'connection failed'],
    [null, 'The connection failed.', 'connection failed'],
    [null, 'The host name could not be resolved (ENOTFOUND).', 'host name not found'],
    [null, 'The host name could not be resolved (ETIMEOUT).', 'DNS did not answer'],
    [null, 'The host name could not be resolved.', 'host name not resolved'],
    [null, 'The TLS handshake failed (CERT_HAS_EXPIRED).', 'certificate expired'],
    [null, 'The TLS handshake failed (DEPTH_ZERO_SELF_SIGNED_CERT).', 'certificate self-signed'],
    [null, 'The TLS handshake failed (UNABLE_TO_VERIFY_LEAF_SIGNATURE).', 'certificate not trusted'],
    [null, 'The TLS handshake failed (ERR_TLS_CERT_ALTNAME_INVALID).', 'certificate for another name'],
    [null, 'The TLS handshake failed (ERR_SSL_WRONG_VERSION_NUMBER).', 'no TLS spoken'],
    [null, 'The TLS handshake failed.', 'TLS handshake failed'],
    [null, 'No complete answer in time.', 'no answer in time'],
    [null, 'The answer broke off (ECONNRESET).', 'connection reset'],
    [null, 'The answer broke off.', 'answer broke off'],
    [
      null,
      'The target is no https URL of a public address, or its port is for another protocol.',
      'address not allowed',
    ],
    [null, 'No request can be made of it.', 'could not be signed'],
    [null, 'expired', 'waited too long'],
    [null, 'pending_limit', 'too many pending'],
    [null, 'gated', 'license is gated'],
    [null, 'Something new happened.', 'something new happened'],
    [503, 'Answered 503.', 'answered 503'],
    [302, 'Answered 302; redirects are not followed.', 'answered 302'],
    [418, 'Answered 418.', 'answered 418'],
  ])('of %s and "%s" is "%s"', (statusCode, error, words) => {
    expect(failureOf({ statusCode, error })?.words).toBe(words);
  });

  it('says what to do wherever something can be done', () => {
    for (const statusCode of [301, 400, 401, 404, 418, 500, 503, 599]) {
      expect(failureOf({ statusCode, error: null })?.advice).toMatch(/\.$/);
    }
  });

  it('is none when it arrived or was not tried', () => {
    expect(failureOf({ statusCode: 204, error: null })).toBeUndefined();
    expect(failureOf({ statusCode: null, error: null })).toBeUndefined();
  });
});

it('an attempt in words has its status, or why there is none', () => {
  expect(attemptWords({ statusCode: 200, error: null })).toBe('answered 200');
  expect(attemptWords({ statusCode: null, error: 'The connection failed (ECONNREFUSED).' })).toBe('connection refused');
  expect(attemptWords({ statusCode: null, error: null })).toBe('not answered');
  expect(capitalised('connection refused')).toBe('Connection refused');
});
