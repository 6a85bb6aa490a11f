import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { keepSignIn, signInFileOf } from './console-sign-in.js';

const LICENSE = '0x34F101E6a3D1d2515ce0223FF215513b460A5846';

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tripline-sign-in-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const kept = () => JSON.parse(readFileSync(signInFileOf(dataDir), 'utf8')) as unknown;

test('the token and the demo are there for this user alone', () => {
  const ownTarget = { url: 'https://127.0.0.1:8443/my-webhook', verificationToken: 'v' };
  const demo = { vehicles: ['did:1'], ownTarget, other: 'x' };
  keepSignIn(dataDir, { license: LICENSE, developerToken: 't', demo });
  expect(kept()).toEqual({ token: 't', license: LICENSE, demo: { vehicles: ['did:1'], target: ownTarget } });
  expect(statSync(signInFileOf(dataDir)).mode & 0o777).toBe(0o600);
});

test('without a demo there is none, and without a token nothing is left of an earlier one', () => {
  keepSignIn(dataDir, { license: LICENSE, developerToken: 't', demo: undefined });
  expect(kept()).toEqual({ token: 't', license: LICENSE, demo: null });
  keepSignIn(dataDir, { license: LICENSE, developerToken: undefined, demo: undefined });
  expect(existsSync(signInFileOf(dataDir))).toBe(false);
});
