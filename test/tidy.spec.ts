/** The rules of the code base that a machine can check: who imports whom, sizes, purity, names, leftovers. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import ts from 'typescript';

/** Which folders of src/ a folder may import. Data flows from the bottom rows to the top ones. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  config: [],
  observability: ['config'],
  store: ['core'],
  access: ['core', 'store', 'observability'],
  target: ['core', 'config', 'observability'],
  engine: ['core', 'store', 'observability'],
  ingest: ['core', 'engine', 'observability'],
  delivery: ['core', 'store', 'access', 'target', 'observability'],
  api: ['core', 'store', 'access', 'target', 'observability'],
};

/** Packages that only some files of src/ may touch: each has one door. */
const DOORS: readonly [packages: RegExp, files: RegExp][] = [
  [/^(@marcbachmann\/cel-js|re2js)(\/|$)/, /^core\/condition[^/]*\.ts$/],
  [/^(typeorm|pg)$/, /^store\//],
  [/^kafkajs(\/|$)/, /^ingest\//],
  [/^undici$/, /^target\//],
  [/^(@grpc\/|jose$)/, /^access\//],
  [/^prom-client$/, /^observability\//],
  [/^pino/, /^observability\//],
  [/^@nestjs\//, /\.(module|controller|guard|filter|interceptor|pipe)\.ts$|^main\.ts$|^api\/openapi[^/]*\.ts$/],
];

/** What the client is made of, and what no other part may go past it for. */
const CLIENT_PACKAGES = /^(openapi-fetch|eventsource-parser)$/;
/** What makes pages. */
const PAGE_PACKAGES = /^(react|react-dom|react-aria-components|vite|d3-[a-z]+|@codemirror\/|@tanstack\/)/;

const FUNCTION_LINES_MAX = 60;
const FILE_LINES_MAX = 300;
const ARGUMENTS_MAX = 6;
const IMPURE =
  /\b(async(?!: false)|await|Date\.now|new Date\(\)|Math\.random|process\.|console\.|setTimeout|setInterval|setImmediate)/;
const IMPURE_MODULES = /^(node:)?(fs|net|http|https|dns|child_process|timers|worker_threads|os)(\/|$)/;
const NO_NAMES = /(^|\/)(utils?|common|helpers?|types|index|misc)(\.ts|\/)/;
/** A development machine's paths and the words of a tracker have no place in the project. */
const FOREIGN = /\/work\/|\bshared\/(reference|seeds|compat)|\bissue #?\d|\bthis session\b/i;

const sources = read('src');
const others = [...read('dev'), ...read('test'), ...read('bench')];
const generated = 'client/src/schema.ts';
const pages = [...read('client/src'), ...read('console/src')].filter(({ path }) => path !== generated);

interface SourceFile {
  /** From the repository's root. */
  path: string;
  text: string;
}

describe('src', () => {
  test('has files', () => expect(sources.length).toBeGreaterThan(20));

  test.each(sources)('$path is tidy', (file) => {
    expect([...imports(file), ...impurities(file), ...sizes(file), ...names(file), ...leftovers(file)]).toEqual([]);
  });
});

test.each(others)('$path is tidy', (file) => {
  expect([...sizes(file), ...names(file), ...leftovers(file), ...importsOfDev(file)]).toEqual([]);
});

describe('client and console', () => {
  test('have files', () => expect(pages.length).toBeGreaterThan(5));

  test.each(pages)('$path is tidy', (file) => {
    expect([...sizes(file), ...names(file), ...leftovers(file), ...importsOfPages(file), ...exportsSaid(file)]).toEqual(
      [],
    );
  });
});

test.each(documents())('$path speaks of the project alone, and is finished', ({ text }) => {
  expect(FOREIGN.exec(text)?.[0]).toBeUndefined();
  expect(/@@\w+@@|\bTODO\b|\bTBD\b/.exec(text)?.[0]).toBeUndefined();
});

function* imports({ path, text }: SourceFile): Generator<string> {
  if (isSpec(path)) return;
  const inner = path.slice('src/'.length);
  const folder = inner.includes('/') ? inner.split('/')[0]! : undefined;
  if (folder !== undefined && !Object.hasOwn(MAY_IMPORT, folder)) yield `src/${folder}/ has no row in MAY_IMPORT`;
  for (const target of importedBy(text)) {
    const other = target.startsWith('.') ? relative('src', join(path, '..', target)).split('/')[0]! : undefined;
    const isForeign = folder !== undefined && other !== undefined && other !== folder;
    if (isForeign && !MAY_IMPORT[folder]?.includes(other)) yield `${folder}/ may not import ${target}`;
    if (CLIENT_PACKAGES.test(target) || PAGE_PACKAGES.test(target) || target.startsWith('@tripline/')) {
      yield `the program needs neither client nor console, but imports ${target}`;
    }
    for (const [packages, files] of DOORS) {
      if (packages.test(target) && !files.test(inner)) yield `only ${files} may import ${target}`;
    }
  }
}

function* importsOfDev({ path, text }: SourceFile): Generator<string> {
  for (const target of importedBy(text)) {
    if (CLIENT_PACKAGES.test(target) || PAGE_PACKAGES.test(target)) yield `${target} is the client's or the console's`;
    if (!path.startsWith('dev/')) continue;
    if (target.startsWith('.') && join(path, '..', target).startsWith('src/')) yield `dev/ may not import ${target}`;
  }
}

/** The client stands alone; the console knows of Tripline what anyone does: REST, and what is documented. */
function* importsOfPages({ path, text }: SourceFile): Generator<string> {
  if (isSpec(path)) return;
  const own = path.split('/')[0]!;
  for (const target of importedBy(text)) {
    const other = target.startsWith('.') ? join(path, '..', target) : undefined;
    const isOwn = other === undefined || other.startsWith(`${own}/`) || other.startsWith('docs/');
    if (!isOwn) yield `${own}/ may not import ${target}`;
    if (other && pageFolder(other) && !mayShow(path, other))
      yield `a page is its own: ${path} may not import ${target}`;
    if (target.startsWith('node:')) yield `what runs in a browser may not import ${target}`;
    const foreign = own === 'client' ? PAGE_PACKAGES : CLIENT_PACKAGES;
    if (foreign.test(target)) yield `${own}/ may not import ${target}`;
  }
}

function pageFolder(path: string): string | undefined {
  return /^console\/src\/pages\/([^/]+)\//.exec(path)?.[1];
}

/** What several pages need stands beside `pages/`. Only the router knows them all, and whoever is not signed in. */
function mayShow(path: string, page: string): boolean {
  if (path === 'console/src/router.tsx') return true;
  return pageFolder(path) === pageFolder(page) || (pageFolder(page) === 'sign-in' && path.includes('/shell/'));
}

/** Whoever reads an export's name in another file should find there what it promises. */
function* exportsSaid({ path, text }: SourceFile): Generator<string> {
  if (isSpec(path)) return;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  for (const statement of source.statements) {
    const isSaid = ts.getJSDocCommentsAndTags(statement).length > 0;
    const isDeclared = !ts.isExportDeclaration(statement) && !ts.isExportAssignment(statement);
    if (!isDeclared || isSaid || !hasExport(statement) || ts.isTypeAliasDeclaration(statement)) continue;
    if (ts.isInterfaceDeclaration(statement)) continue;
    yield `the export at line ${source.getLineAndCharacterOfPosition(statement.getStart()).line + 1} says nothing`;
  }
}

function hasExport(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

function* impurities({ path, text }: SourceFile): Generator<string> {
  if (!path.startsWith('src/core/') || isSpec(path)) return;
  const impure = IMPURE.exec(withoutComments(text));
  if (impure) yield `core is pure, but uses ${impure[0]}`;
  for (const target of importedBy(text)) if (IMPURE_MODULES.test(target)) yield `core is pure, but imports ${target}`;
}

function* sizes({ path, text }: SourceFile): Generator<string> {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1;
  if (lineOf(source.end) > FILE_LINES_MAX + 1 && !isSpec(path)) yield `longer than ${FILE_LINES_MAX} lines`;
  if (isSpec(path)) return;
  const found: string[] = [];
  ts.forEachChild(source, function visit(node): void {
    if (ts.isFunctionLike(node)) {
      const start = lineOf(node.getStart());
      const lines = lineOf(node.end) - start + 1;
      if (lines > FUNCTION_LINES_MAX) found.push(`the function at line ${start} has ${lines} lines`);
      if (node.parameters.length > ARGUMENTS_MAX && !ts.isConstructorDeclaration(node)) {
        found.push(`the function at line ${start} has ${node.parameters.length} arguments`);
      }
    }
    ts.forEachChild(node, visit);
  });
  yield* found;
}

function* names({ path }: SourceFile): Generator<string> {
  if (NO_NAMES.test(path) && path !== 'client/src/index.ts')
    yield 'the name says nothing: name the file after its main export';
  const name = path.split('/').at(-1)!;
  if (!/^[a-z0-9]+([.-][a-z0-9]+)*\.tsx?$/.test(name)) yield 'file names are kebab-case';
}

function* leftovers({ path, text }: SourceFile): Generator<string> {
  if (path === 'test/tidy.spec.ts') return;
  if (/\b(FIXME|XXX|TODO)\b/.test(text)) yield 'a leftover FIXME, XXX or TODO';
  if (/^export default /m.test(text)) yield 'a default export';
  if (isSpec(path) && /\b(test|it|describe)\.(only|skip|todo)\b|\b(xit|xtest|xdescribe|fit|fdescribe)\(/.test(text)) {
    yield 'a skipped or lonely test';
  }
  const foreign = FOREIGN.exec(text);
  if (foreign) yield `a word of another place: ${foreign[0]}`;
}

function importedBy(text: string): string[] {
  return ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
}

function isSpec(path: string): boolean {
  return /\.(spec|contract)\.tsx?$/.test(path);
}

function read(folder: string): SourceFile[] {
  return filesBelow(folder)
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

function documents(): SourceFile[] {
  const top = [
    'README.md',
    'client/README.md',
    'CHANGELOG.md',
    '.env.example',
    'docker-compose.yml',
    'Dockerfile',
    '.ci/run',
  ];
  return [...top, ...filesBelow('docs').filter((path) => path.endsWith('.md'))].map((path) => ({
    path,
    text: readFileSync(path, 'utf8'),
  }));
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
