/** Documents name the tests that prove them: `path.spec.ts` › “title”, row “row of its table”. */
import { existsSync, readFileSync } from 'node:fs';
import ts from 'typescript';

export interface Citation {
  path: string;
  title: string;
  row: string | undefined;
}

const CITATION = /`([\w./-]+\.spec\.ts)` › “([^”]+)”(?:, row “([^”]+)”)?/g;

/** The tests that a text names, in its order. */
export function citationsOf(text: string): Citation[] {
  return [...text.matchAll(CITATION)].map(([, path, title, row]) => ({ path: path!, title: title!, row }));
}

/** Every mention of a spec, with or without a test. */
export function mentionsOf(text: string): string[] {
  return [...text.matchAll(/[\w./-]+\.spec\.ts/g)].map(([path]) => path);
}

/** Each once, by a name that says all of it: rows for `test.each`. */
export function distinct(citations: readonly Citation[]): [name: string, citation: Citation][] {
  const named = citations.map((citation) => {
    const { path, title, row } = citation;
    return [[path, title, ...(row === undefined ? [] : [row])].join(' › '), citation] as const;
  });
  return [...new Map(named)];
}

/** The titles of a spec's tests and groups as they are written, and all texts in it and in the JSON files that it reads. */
export function contentsOf(path: string): { titles: string[]; texts: string[] } {
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
