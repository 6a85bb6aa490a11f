/** docs/compat.md makes promises and names the tests that keep them: this keeps the page from going out of date. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { environment } from '../src/config/environment.js';
import { citationsOf } from './support/citations.js';

const page = readFileSync('docs/compat.md', 'utf8');

const DEFECTS = 40;

const defects = [...page.matchAll(/^\| (D-\d+) \| (.+) \|$/gm)].map(([, id, rest]) => {
  const cells = rest!.split(' | ');
  return { id: id!, cells, citations: citationsOf(cells.at(-1)!) };
});

test('the forty defects are there, each once, in order', () => {
  expect(defects.map(({ id }) => id)).toEqual(Array.from({ length: DEFECTS }, (_, i) => `D-${i + 1}`));
});

describe('a defect is told completely', () => {
  test.each(defects)('$id', ({ cells, citations }) => {
    expect(cells).toEqual(Array(4).fill(expect.stringMatching(/\w/)));
    expect(cells[2]).toMatch(/^(cured|partly)$/);
    expect(citations).not.toEqual([]);
    // What is only partly cured says what is missing; what is cured misses nothing.
    if (cells[2] === 'cured') expect(cells[1]).not.toContain('Open:');
  });
});

describe('settings', () => {
  const settings = Object.keys(environment.shape);
  const namesAfter = (start: string) => {
    const paragraph = page.slice(page.indexOf(start)).split(/\.\s/)[0]!;
    return [...paragraph.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, name]) => name!);
  };

  test("that are read under the original's name are settings", () => {
    const names = namesAfter("Read under the original's name:");
    expect(names.length).toBeGreaterThan(10);
    expect(settings).toEqual(expect.arrayContaining(names));
  });

  test('that have no effect are none', () => {
    const names = namesAfter('Without effect:');
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => settings.includes(name))).toEqual([]);
  });
});
