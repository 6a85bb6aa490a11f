import type { OperationDefinition } from './openapi-operation.js';

/** The request of an example as a command that can be pasted into a shell. */
export function curlSample(request: {
  path: string;
  method: string;
  access: OperationDefinition['access'];
  example: unknown;
}): string {
  const { path, method, access, example } = request;
  const token = access === 'admin' ? '$ADMIN_TOKEN' : '$TOKEN';
  return [
    `curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}"$TRIPLINE_URL${path}"`,
    ...(access === 'anyone' ? [] : [`-H "Authorization: Bearer ${token}"`]),
    ...(example === undefined
      ? []
      : [`-H "Content-Type: application/json"`, `-d '${JSON.stringify(example, null, 2).replaceAll("'", "'\\''")}'`]),
  ].join(' \\\n  ');
}
