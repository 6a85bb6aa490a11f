/** docs/compat.md makes promises and names the tests that keep them: this keeps the page from going out of date. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { environment } from '../src/config/environment.js';

const page = readFileSync('docs/compat.md', 'utf8');

const DEFECTS = 40;

/** A test as the page names it: its file, its title as written there, and perhaps a row of its table. */
const CITATION = /`([\w./-]+\.spec\.ts)` › “([^”]+)”(?:, row “([^”]+)”)?/g;

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

describe('a test that is named exists', () => {
  test('every mention of a spec names a test, but for this one', () => {
    const mentions = page.match(/[\w./-]+\.spec\.ts/g)!.filter((path) => path !== 'test/compat-document.spec.ts');
    expect(citationsOf(page).map(({ path }) => path)).toEqual(mentions);
  });

  const cited = new Map(citationsOf(page).map((citation) => [Object.values(citation).join(' › '), citation]));
  test.each([...cited])('%s', (_, { path, title, row }) => {
    expect(existsSync(path)).toBe(true);
    const spec = contentsOf(path);
    expect(spec.titles).toContain(title);
    if (row !== undefined) expect(spec.texts).toContain(row);
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

function citationsOf(text: string): { path: string; title: string; row: string | undefined }[] {
  return [...text.matchAll(CITATION)].map(([, path, title, row]) => ({ path: path!, title: title!, row }));
}

/** The titles of a spec's tests and groups as they are written, and all texts in it and in the JSON files that it reads. */
function contentsOf(path: string): { titles: string[]; texts: string[] } {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const titles: string[] = [];
  const texts: string[] = [];
  ts.forEachChild(source, function visit(node): void {
    if (ts.isStringLiteralLike(node)) texts.push(node.text);
    if (ts.isCallExpression(node) && /^(test|describe)$/.test(rootOf(node.expression))) {
      const title = node.arguments[0];
      if (title && ts.isStringLiteralLike(title)) titles.push(title.text);
      else if (title && ts.isTemplateExpression(title)) titles.push(title.getText().slice(1, -1));
    }
    ts.forEachChild(node, visit);
  });
  for (const file of texts.filter((text) => text.endsWith('.json') && existsSync(text))) {
    JSON.parse(readFileSync(file, 'utf8'), (_, value: unknown) => {
      if (typeof value === 'string') texts.push(value);
      return value;
    });
  }
  return { titles, texts };
}

/** `test` of `test(…)`, `test.each(…)(…)` and the like. */
function rootOf(expression: ts.Expression): string {
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isCallExpression(expression) || ts.isPropertyAccessExpression(expression))
    return rootOf(expression.expression);
  return '';
}
