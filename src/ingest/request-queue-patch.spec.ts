import { createRequire } from 'node:module';
import { afterEach, expect, test } from '@jest/globals';
import { patchRequestQueue } from './request-queue-patch.js';

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  scheduleCheckPendingRequests(): void;
}

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as { prototype: Queue };
let queue: Queue;
afterEach(() => clearTimeout(queue.throttleCheckTimeoutId ?? undefined));

test.each<[string, Partial<Queue>, boolean]>([
  ['has nothing to send', {}, false],
  ['has a request waiting', { pending: [{}] }, true],
  ['is throttled', { throttledUntil: Date.now() + 60_000 }, true],
])('a connection that %s wakes up only if there is a reason to', (_, state, isWoken) => {
  patchRequestQueue();
  patchRequestQueue();
  queue = Object.assign(Object.create(RequestQueue.prototype) as Queue, {
    ...{ pending: [], throttledUntil: -1, throttleCheckTimeoutId: null },
    ...state,
  });
  queue.scheduleCheckPendingRequests();
  expect(queue.throttleCheckTimeoutId !== null).toBe(isWoken);
});
