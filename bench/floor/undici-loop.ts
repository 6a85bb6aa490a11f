/**
 * Sends requests with undici and nothing else: no signature, no database, no limits. As many at once as it is told, the next
 * as soon as one is answered, with the client's own settings and its headers.
 */
import { Agent } from 'undici';
import { AGENT_OPTIONS } from '../../src/target/http-client.js';
import { post } from './post.js';

/** What it is told to send. */
export interface LoopOrder {
  targets: { origin: string; path: string; headers: Record<string, string> }[];
  bodies: string[];
  /** Requests, to one target after the other. */
  count: number;
  concurrency: number;
}

/** Its answer. */
export interface LoopResult {
  elapsedMs: number;
  /** Answers other than 2xx. */
  failed: number;
}

process.on('message', (order: LoopOrder) => void run(order).then((result) => process.send!(result)));
process.on('disconnect', () => process.exit());

async function run({ targets, bodies, count, concurrency }: LoopOrder): Promise<LoopResult> {
  const agent = new Agent({ ...AGENT_OPTIONS, connections: concurrency });
  let next = 0;
  let failed = 0;
  const worker = async () => {
    while (next < count) {
      const at = next++;
      const { origin, path, headers } = targets[at % targets.length]!;
      const status = await post(agent, { origin, path, headers, body: bodies[at % bodies.length]! });
      if (status < 200 || status > 299) failed++;
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: concurrency }, worker));
  const elapsedMs = performance.now() - startedMs;
  await agent.close();
  return { elapsedMs, failed };
}
