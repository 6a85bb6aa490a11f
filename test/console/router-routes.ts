/** Which pages there are, by the router's own text. */
import { readFileSync } from 'node:fs';

const ROUTE = /const (\w+) = createRoute\(\{\s*getParentRoute: \(\) => (\w+),\s*(path|id): '([^']+)'/g;

/** The address of every page, such as `/webhooks/$id/secret`. */
export function routesOfRouter(): string[] {
  const paths = new Map<string, string>([['root', '']]);
  for (const [, name, parent, kind, path] of readFileSync('console/src/router.tsx', 'utf8').matchAll(ROUTE)) {
    const above = paths.get(parent!);
    if (above === undefined) throw new Error(`the route ${name} stands before ${parent}, which it belongs to`);
    // What only stands around others adds nothing to their addresses.
    paths.set(name!, kind === 'id' ? above : `${above}${path}`.replace(/(?<=.)\/$/, ''));
  }
  return [...new Set(paths.values())].filter((path) => path !== '').sort();
}
