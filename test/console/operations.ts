/** Which operations of the REST surface a license holder has, and which of them a page has called. */
import { readFileSync } from 'node:fs';

interface Operation {
  operationId: string;
  security?: Record<string, unknown>[];
}

interface Route {
  id: string;
  method: string;
  template: string;
  pattern: RegExp;
}

const document = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
};

const routes: readonly Route[] = Object.entries(document.paths)
  .flatMap(([template, item]) =>
    Object.entries(item)
      .filter(([, { security = [] }]) => security.some((way) => 'developer' in way))
      .map(([method, { operationId: id }]) => ({
        id,
        method: method.toUpperCase(),
        template,
        pattern: patternOf(template),
      })),
  )
  // A word before an id where both fit: /v1/webhooks/signals is no webhook.
  .sort((one, other) => (one.template.match(/\{/g)?.length ?? 0) - (other.template.match(/\{/g)?.length ?? 0));

/** Every operation that a license holder may call, by its id. */
export const OPERATIONS: readonly string[] = routes.map(({ id }) => id);

/** The operation that a request is one of. */
export function operationOf({ method, path }: { method: string; path: string }): string | undefined {
  return routes.find((route) => route.method === method && route.pattern.test(path))?.id;
}

function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`);
}
