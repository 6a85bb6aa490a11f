import { beforeEach, expect, test } from '@jest/globals';
import { builtInCatalog } from '../core/catalog.js';
import { silentLog } from '../observability/log.js';
import type { AppliedTrigger } from '../store/revocations.js';
import type { Verdict } from './permission-provider.js';
import { Revoker, type RevokerOptions } from './revoker.js';

const subscribedAt = new Date('2026-01-02T03:04:05.678Z');
const SPEED = { triggerId: 'speed', metricKind: 'signal', metric: 'speed', subscribedAt } as const;
const ODOMETER = {
  triggerId: 'odometer',
  metricKind: 'signal',
  metric: 'powertrainTransmissionTravelledDistance',
  subscribedAt,
} as const;
const LOCATION = { ...SPEED, triggerId: 'location', metric: 'currentLocationCoordinates' } as const;
const UNKNOWN = { ...SPEED, triggerId: 'unknown', metric: 'takenOutOfTheCatalogue' } as const;

let verdicts: { history: Verdict; location: Verdict };
let subscribed: AppliedTrigger[];
let revoked: string[][];
let [asked, looks] = [0, 0];
let revoker: Revoker;

function options(): RevokerOptions {
  return {
    permissions: {
      check: (_license, vehicles, permissions, given) => {
        asked++;
        expect(given).toEqual({ fresh: true });
        const isLocation = permissions.includes('privilege:GetLocationHistory');
        return Promise.resolve(vehicles.map(() => (isLocation ? verdicts.location : verdicts.history)));
      },
    },
    catalog: builtInCatalog,
    revocations: {
      triggersOf: () => {
        looks++;
        return Promise.resolve(subscribed);
      },
      revokeVehicle: (_license, _vehicle, denied) => {
        const triggerIds = denied.map(({ triggerId }) => triggerId);
        subscribed = subscribed.filter(({ triggerId }) => !triggerIds.includes(triggerId));
        return Promise.resolve(revoked.push(triggerIds));
      },
    },
    log: silentLog,
  };
}

beforeEach(() => {
  verdicts = { history: 'granted', location: 'granted' };
  subscribed = [SPEED, LOCATION, ODOMETER];
  revoked = [];
  [asked, looks] = [0, 0];
  revoker = new Revoker(options());
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

test('what is asked for while a look is under way is looked at once more, for all who asked', async () => {
  verdicts = { history: 'granted', location: 'denied' };
  const [first, ...later] = [1, 2, 3].map(() => revoker.revoke('license', 'vehicle'));
  await first;
  await Promise.all(later);
  expect(revoked).toEqual([['location']]);
  expect(looks).toBe(2);
  await revoker.revoke('license', 'vehicle');
  expect(looks).toBe(3);
});

test('a permission that goes while a look is under way is seen by whoever asked after it went', async () => {
  const early = revoker.revoke('license', 'vehicle');
  const late = revoker.revoke('license', 'vehicle');
  await early;
  verdicts = { history: 'denied', location: 'denied' };
  await late;
  expect(revoked.flat().sort()).toEqual(['location', 'odometer', 'speed']);
});

test('any number of vehicles are looked at a few at a time, each in its turn, also when looks fail', async () => {
  let [open, most] = [0, 0];
  const looked: string[] = [];
  const many = new Revoker({
    ...options(),
    revocations: {
      ...options().revocations,
      triggersOf: async (_license, vehicle) => {
        most = Math.max(most, ++open);
        looked.push(vehicle);
        await new Promise(setImmediate);
        open--;
        if (looked.length % 3 === 0) throw new Error('out of order');
        return [];
      },
    },
  });
  const vehicles = Array.from({ length: 50 }, (_unused, at) => `vehicle ${at}`);
  await Promise.allSettled(vehicles.map((vehicle) => many.revoke('license', vehicle)));
  expect([looked, open, most]).toEqual([vehicles, 0, 8]);
  await many.revoke('license', 'one more').catch(() => undefined);
  expect(looked.at(-1)).toBe('one more');
});

test('a metric that nobody knows any more needs what events need', async () => {
  subscribed = [UNKNOWN];
  verdicts = { history: 'granted', location: 'denied' };
  await revoker.revoke('license', 'vehicle');
  expect(revoked).toEqual([['unknown']]);
});

test('a database that fails ends nothing and says so; who asked meanwhile has a look of their own', async () => {
  let looks = 0;
  const triggersOf = () => (++looks === 1 ? Promise.reject(new Error('out of order')) : Promise.resolve([]));
  const lame = new Revoker({ ...options(), revocations: { ...options().revocations, triggersOf } });
  const [first, second] = [lame.revoke('license', 'vehicle'), lame.revoke('license', 'vehicle')];
  await expect(first).rejects.toThrow('out of order');
  await second;
  expect([looks, asked, revoked]).toEqual([2, 0, []]);
});
