import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LogFile } from './log-file.js';

let directory: string;
const path = () => join(directory, 'logs', 'part.log');

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tripline-log-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

test('a start begins a new file and keeps that of the last one', () => {
  new LogFile(path()).write('first');
  new LogFile(path()).write('second');
  new LogFile(path()).write('third');
  expect(readFileSync(path(), 'utf8')).toBe('third\n');
  expect(readFileSync(`${path()}.1`, 'utf8')).toBe('second\n');
});

test('the last lines are at hand', () => {
  const log = new LogFile(path());
  for (let line = 1; line <= 100; line++) log.write(String(line));
  expect(log.tail).toHaveLength(20);
  expect(log.tail.at(-1)).toBe('100');
});

test('however much is written, the files stay small', () => {
  const log = new LogFile(path());
  const line = 'x'.repeat(1024 * 1024);
  for (let count = 0; count < 50; count++) log.write(line);
  for (const file of [path(), `${path()}.1`]) expect(statSync(file).size).toBeLessThan(22 * 1024 * 1024);
});

test('nobody else can read it', () => {
  new LogFile(path()).write('secret');
  expect(statSync(path()).mode & 0o777).toBe(0o600);
});
