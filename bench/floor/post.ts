import type { Agent } from 'undici';

export type Post = { origin: string; path: string; headers: Record<string, string>; body: string };

/** Sends one request with undici and nothing else; the status, once the answer has been read to its end. */
export function post(agent: Agent, request: Post): Promise<number> {
  return new Promise((resolve, reject) => {
    let status = 0;
    agent.dispatch(
      { ...request, method: 'POST' },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, statusCode) => void (status = statusCode),
        onResponseData: () => undefined,
        onResponseEnd: () => resolve(status),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}
