import { randomUUID } from 'node:crypto';
import type { Actor } from '../../src/store/actor.js';
import type { StockLimits } from '../../src/store/stock.js';
import type { NewTrigger } from '../../src/store/triggers.js';

export const LICENSE = '0x1111111111111111111111111111111111111111';
export const OTHER_LICENSE = '0x2222222222222222222222222222222222222222';

/** For stores of tests that are not about limits. */
export const UNLIMITED: StockLimits = { limitOf: () => Number.MAX_SAFE_INTEGER };

/** A developer who asks for something. */
export function actorOf(license = LICENSE): Actor {
  return { license, keyId: 'key-1', requestId: randomUUID() };
}

/** A trigger on the speed, with what a test wants to be different. */
export function newTrigger(given: Partial<NewTrigger> = {}): NewTrigger {
  return {
    id: randomUUID(),
    service: 'telemetry.signals',
    metricName: 'speed',
    metricKind: 'signal',
    metric: 'speed',
    valueKind: 'number',
    condition: 'valueNumber > 55',
    normalizedCondition: 'valueNumber > 55.0',
    cooldownSeconds: 30,
    description: 'too fast',
    status: 'enabled',
    endpoint: {
      id: randomUUID(),
      url: 'https://example.com/hook',
      secret: 'v1.k.n.c',
      verifiedAt: new Date('2026-01-02T03:04:05.678Z'),
    },
    ...given,
  };
}

/** The canonical DID of a made-up vehicle. */
export function vehicleOf(tokenId: number): string {
  return `did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:${tokenId}`;
}
