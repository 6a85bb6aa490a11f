/** Pages that make promises name the tests that keep them: this keeps the pages from going out of date. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { citationsOf, contentsOf, distinct, mentionsOf } from './support/citations.js';

/** Pages, and specs that they may mention as a whole. */
const PAGES: [page: string, wholeSpecs: string[]][] = [
  ['docs/compat.md', ['test/compat-document.spec.ts']],
  ['docs/guarantees.md', ['test/faults/chaos.spec.ts', 'test/faults/kill.spec.ts']],
];

describe.each(PAGES)('%s', (page, wholeSpecs) => {
  const text = readFileSync(page, 'utf8');
  const cited = citationsOf(text);

  test('every mention of a spec names a test, but for those that are meant as a whole', () => {
    expect(cited.length).toBeGreaterThan(10);
    const isOne = (path: string) => !wholeSpecs.includes(path);
    expect(cited.map(({ path }) => path).filter(isOne)).toEqual(mentionsOf(text).filter(isOne));
  });

  test.each(distinct(cited))('%s exists', (_, { path, title, row }) => {
    expect(existsSync(path)).toBe(true);
    const spec = contentsOf(path);
    expect(spec.titles).toContain(title);
    if (row !== undefined) expect(spec.texts).toContain(row);
  });
});

test('what is promised, and each moment of the pipeline, has a test', () => {
  const text = readFileSync('docs/guarantees.md', 'utf8');
  const isHeading = (line: string, place: number, all: string[]) =>
    line.startsWith('|--') || /^\|--/.test(all[place + 1] ?? '');
  const rows = text.split('\n').filter((line, place, all) => line.startsWith('|') && !isHeading(line, place, all));
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((row) => citationsOf(row).length === 0)).toEqual([]);
});
