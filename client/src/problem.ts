import type { components } from './schema.js';

type ProblemBody = components['schemas']['Problem'];

/** An answer that is an error (RFC 9457), thrown by every call. The message is its `detail`: what happened, what to do. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly status: number,
    readonly body: ProblemBody,
    /** Names the request in Tripline's logs. */
    readonly requestId?: string,
    /** What `Retry-After` asks to wait. */
    readonly retryAfterMs?: number,
  ) {
    super(body.detail);
  }
}

/** Reads an answer that is not a success. One that somebody in between wrote becomes a problem too, with its status. */
export async function readProblem(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => '');
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new Problem(
    response.status,
    parseBody(text) ?? foreignBody(response),
    response.headers.get('x-request-id') ?? undefined,
    Number.isFinite(seconds) ? seconds * 1000 : undefined,
  );
}

function parseBody(text: string): ProblemBody | undefined {
  try {
    const body = JSON.parse(text) as Partial<ProblemBody> | null;
    return typeof body?.detail === 'string' ? (body as ProblemBody) : undefined;
  } catch {
    return undefined;
  }
}

function foreignBody({ status, statusText }: Response): ProblemBody {
  const title = statusText === '' ? 'Error' : statusText;
  const detail = `The answer was ${status} ${title}, and does not say why. It may come from a proxy in between.`;
  return { type: 'about:blank', title, status, detail, message: title, code: status };
}
