import type { Request } from 'express';

/** The part of Express' routing table that we read. */
interface RouteLayer {
  route?: { methods: Record<string, boolean> };
  match(path: string): boolean;
}

/** The methods that the requested path takes, none when no route has it. Asked only after no route matched. */
export function allowedMethods(request: Request): string[] {
  const { stack } = request.app.router as unknown as { stack: RouteLayer[] };
  const methods = stack
    .filter((layer) => layer.route !== undefined && layer.match(request.path))
    .flatMap(({ route }) => Object.keys(route!.methods));
  return [...new Set(methods.map((method) => method.toUpperCase()))].filter((method) => /^[A-Z]+$/.test(method)).sort();
}
