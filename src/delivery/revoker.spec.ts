import { beforeEach, expect, test } from '@jest/globals';
import type { Verdict } from '../access/permission-provider.js';
import { builtInCatalog } from '../core/catalog.js';
import { silentLog } from '../observability/log.js';
import { Revoker } from './revoker.js';

const SPEED = { triggerId: 'speed', metricKind: 'signal', metric: 'speed' } as const;
const ODOMETER = {
  triggerId: 'odometer',
  metricKind: 'signal',
  metric: 'powertrainTransmissionTravelledDistance',
} as const;
const LOCATION = { triggerId: 'location', metricKind: 'signal', metric: 'currentLocationCoordinates' } as const;

let verdicts: { history: Verdict; location: Verdict };
let revoked: string[][];
let asked: number;
let revoker: Revoker;

beforeEach(() => {
  verdicts = { history: 'granted', location: 'granted' };
  revoked = [];
  asked = 0;
  revoker = new Revoker({
    permissions: {
      check: (_license, vehicles, permissions, options) => {
        asked++;
        expect(options).toEqual({ fresh: true });
        const isLocation = permissions.includes('privilege:GetLocationHistory');
        return Promise.resolve(vehicles.map(() => (isLocation ? verdicts.location : verdicts.history)));
      },
    },
    catalog: builtInCatalog,
    triggersOf: () => Promise.resolve([SPEED, LOCATION, ODOMETER]),
    revoke: (_license, _vehicle, triggerIds) => Promise.resolve(revoked.push(triggerIds)),
    log: silentLog,
  });
});

test.each<[what: string, history: Verdict, location: Verdict, gone: string[][]]>([
  ['the one that was withdrawn', 'granted', 'denied', [['location']]],
  ['both, each asked once', 'denied', 'denied', [['speed', 'odometer', 'location']]],
  ['none, when nobody can say', 'unknown', 'unknown', []],
  ['none, when it was granted again meanwhile', 'granted', 'granted', []],
])('subscriptions end that need %s', async (_, history, location, gone) => {
  verdicts = { history, location };
  await revoker.revoke('license', 'vehicle');
  expect(revoked.map((ids) => ids.sort())).toEqual(gone.map((ids) => ids.sort()));
  expect(asked).toBe(2);
});

test('what is asked for while it is being done is done once, and can be done again later', async () => {
  verdicts = { history: 'granted', location: 'denied' };
  await Promise.all([revoker.revoke('license', 'vehicle'), revoker.revoke('license', 'vehicle')]);
  expect(revoked).toHaveLength(1);
  await revoker.revoke('license', 'vehicle');
  expect(revoked).toHaveLength(2);
});
