/**
 * Sends requests with undici and nothing else: no signature, no database, no limits. As many at once as it is told, the next
 * as soon as one is answered, with the client's own settings and its headers.
 */
import { Agent, request } from 'undici';
import { AGENT_OPTIONS } from '../../src/target/http-client.js';
import { type Post, post } from './post.js';

/** What it is told to send. */
export interface LoopOrder {
  targets: { origin: string; path: string; headers: Record<string, string> }[];
  bodies: string[];
  /** Requests, to one target after the other. */
  count: number;
  concurrency: number;
  /** undici's `dispatch`, the least that sends a request, or the `request` that its documents begin with. */
  with: 'dispatch' | 'request';
}

/** Its answer. */
export interface LoopResult {
  elapsedMs: number;
  /** Processor time of the process, all its threads. */
  cpuMs: number;
  /** Answers other than 2xx. */
  failed: number;
}

process.on('message', (order: LoopOrder) => void run(order).then((result) => process.send!(result)));
process.on('disconnect', () => process.exit());

async function run({ targets, bodies, count, concurrency, with: how }: LoopOrder): Promise<LoopResult> {
  const agent = new Agent({ ...AGENT_OPTIONS, connections: concurrency });
  const send = how === 'dispatch' ? post : requested;
  let next = 0;
  let failed = 0;
  const worker = async () => {
    while (next < count) {
      const at = next++;
      const { origin, path, headers } = targets[at % targets.length]!;
      const status = await send(agent, { origin, path, headers, body: bodies[at % bodies.length]! });
      if (status < 200 || status > 299) failed++;
    }
  };
  const startedMs = performance.now();
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: concurrency }, worker));
  const elapsedMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(before);
  await agent.close();
  return { elapsedMs, cpuMs: (user + system) / 1_000, failed };
}

async function requested(agent: Agent, { origin, path, headers, body: text }: Post): Promise<number> {
  const options = { dispatcher: agent, method: 'POST', headers, body: text } as const;
  const { statusCode, body } = await request(origin + path, options);
  await body.dump();
  return statusCode;
}
