import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { DEVELOPMENT_ISSUER, TokenIssuer } from './token-issuer.js';

const LICENSE = '0xF26421509Efe92861a587482100c6d728aBf1CD0';
const YEAR_SECONDS = 365 * 24 * 3600;

let dataDir: string;
let issuers: TokenIssuer[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tripline-issuer-'));
  issuers = [];
});

afterEach(async () => {
  for (const issuer of issuers) await issuer.stop();
  await rm(dataDir, { recursive: true });
});

async function start(directory = dataDir): Promise<TokenIssuer> {
  const issuer = await TokenIssuer.start({ dataDir: directory });
  issuers.push(issuer);
  return issuer;
}

function verify(token: string, issuer: TokenIssuer) {
  return jwtVerify(token, createRemoteJWKSet(new URL(issuer.jwksUrl)), { issuer: DEVELOPMENT_ISSUER });
}

test('its tokens verify against its key set and live as long as asked', async () => {
  const issuer = await start();
  const { payload } = await verify(await issuer.issue(LICENSE, YEAR_SECONDS), issuer);
  expect(payload).toMatchObject({ ethereum_address: LICENSE, sub: LICENSE });
  expect(payload.exp! - payload.iat!).toBe(YEAR_SECONDS);
});

test('a token outlives a restart', async () => {
  const first = await start();
  const token = await first.issue(LICENSE, YEAR_SECONDS);
  await first.stop();
  issuers.pop();
  expect((await verify(token, await start())).payload.sub).toBe(LICENSE);
});

test('the key is readable by its owner alone, in a directory that is made, and is never served', async () => {
  const directory = join(dataDir, 'deep', 'er');
  const issuer = await start(directory);
  const [name, ...others] = await readdir(directory);
  expect(others).toEqual([]);
  expect((await stat(join(directory, name!))).mode & 0o777).toBe(0o600);
  const { keys } = (await (await fetch(issuer.jwksUrl)).json()) as { keys: Record<string, unknown>[] };
  expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']]);
});

test('it listens on loopback', async () => {
  expect(new URL((await start()).jwksUrl).hostname).toBe('127.0.0.1');
});

test.each(['', '{', '{"kty":"oct"}'])('a key file with "%s" is refused, named and left as it is', async (text) => {
  await start();
  const path = join(dataDir, (await readdir(dataDir))[0]!);
  await writeFile(path, text);
  await expect(start()).rejects.toThrow(path);
  expect(await readFile(path, 'utf8')).toBe(text);
});
