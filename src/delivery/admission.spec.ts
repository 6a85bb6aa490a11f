import { expect, test } from '@jest/globals';
import { FIRING, VEHICLE } from '../../test/support/queue-bench.js';
import { LICENSE } from '../../test/support/triggers.js';
import { builtInCatalog } from '../core/catalog.js';
import type { DeliveryTarget, EndpointStatus } from '../core/endpoint.js';
import { silentLog } from '../observability/log.js';
import type { DueDelivery } from '../store/due-delivery.js';
import { Admission, type Admitted } from './admission.js';
import type { PermissionAnswer } from './permission-check.js';

const GRANTED: PermissionAnswer = { kind: 'granted' };
const DENIED: PermissionAnswer = { kind: 'denied' };
const UNKNOWN: PermissionAnswer = { kind: 'unknown', waitMs: 7 };

const SENT: Partial<Admitted> = { kind: 'send' };
const HELD: Partial<Admitted> = { kind: 'held' };
const GATED: Partial<Admitted> = { kind: 'held', error: 'gated' };
const CANCELLED: Partial<Admitted> = { kind: 'cancelled' };

interface Case {
  status?: EndpointStatus;
  isGated?: boolean;
  payload?: string;
  eventType?: string;
  vehicle?: string | null;
  isTriggerLive?: boolean;
  granted?: readonly string[];
}

/** What becomes of a delivery, how often its permission was asked for, and whose subscriptions were ended. */
async function judged(given: Case, answer: PermissionAnswer) {
  const revoked: string[][] = [];
  let asked = 0;
  const admission = new Admission({
    permissions: { ask: () => Promise.resolve((asked++, answer)) },
    catalog: builtInCatalog,
    revoke: (...whose) => Promise.resolve(void revoked.push(whose)),
    log: silentLog,
  });
  const { status = 'active', ...more } = given;
  const target = { status } as DeliveryTarget;
  const firing = { eventType: 'trigger.fired', vehicle: VEHICLE, isTriggerLive: true, isGated: false, payload: FIRING };
  const admitted = await admission.judge({ license: LICENSE, target, ...firing, ...more } as DueDelivery);
  return { admitted, asked, revoked };
}

test.each<[where: string, given: Case, answer: PermissionAnswer, becomes: Partial<Admitted>]>([
  ['an active endpoint', {}, GRANTED, SENT],
  ['an active endpoint', {}, UNKNOWN, { kind: 'postponed', waitMs: 7 }],
  ['an active endpoint', {}, DENIED, CANCELLED],
  ['a paused endpoint', { status: 'paused' }, GRANTED, HELD],
  ['a paused endpoint', { status: 'paused' }, UNKNOWN, HELD],
  ['a paused endpoint', { status: 'paused' }, DENIED, CANCELLED],
  ['a failed endpoint', { status: 'failed' }, DENIED, CANCELLED],
  ['a gated license', { isGated: true }, GRANTED, GATED],
  ['a gated license', { isGated: true }, UNKNOWN, GATED],
  ['a gated license', { isGated: true }, DENIED, CANCELLED],
])('the permission of a firing is asked for, whatever holds it back: %s, %j, %j', async (_where, ...rest) => {
  const [given, answer, becomes] = rest;
  const { admitted, asked, revoked } = await judged(given, answer);
  expect([admitted, asked]).toEqual([becomes.kind === 'send' ? expect.objectContaining(becomes) : becomes, 1]);
  expect(revoked).toEqual(answer === DENIED ? [[LICENSE, VEHICLE]] : []);
});

const SPEED_PERMISSION = 'privilege:GetNonLocationHistory';
test.each<[what: string, given: Case, becomes: Partial<Admitted>, asked: number]>([
  ['that is needed', { granted: ['privilege:Other', SPEED_PERMISSION] }, SENT, 0],
  ['that is needed, at a paused endpoint', { granted: [SPEED_PERMISSION], status: 'paused' }, HELD, 0],
  ['of something else', { granted: ['privilege:Other'] }, CANCELLED, 1],
  ['of nothing', { granted: [] }, CANCELLED, 1],
])('a firing that comes with a grant %s', async (_what, given, becomes, asked) => {
  expect(await judged(given, DENIED)).toMatchObject({ admitted: becomes, asked });
});

const UNKNOWN_METRIC = { payload: FIRING.replace('speed', 'gone') };
test.each<[what: string, given: Case, becomes: Partial<Admitted>]>([
  ['of a webhook that was deleted', { isTriggerLive: false }, CANCELLED],
  ['of another event', { eventType: 'webhook.updated' }, { kind: 'send' }],
  ['of another event at a paused endpoint', { eventType: 'webhook.updated', status: 'paused' }, HELD],
  ['of another event of a gated license', { eventType: 'webhook.updated', isGated: true }, GATED],
  ['of a metric that is not in the catalog', UNKNOWN_METRIC, { kind: 'postponed', waitMs: 60_000 }],
  ['of such a metric at a paused endpoint', { ...UNKNOWN_METRIC, status: 'paused' }, HELD],
])('nobody is asked about a delivery %s', async (_what, given, becomes) => {
  const { admitted, asked, revoked } = await judged(given, DENIED);
  expect([admitted, asked, revoked]).toEqual([expect.objectContaining(becomes), 0, []]);
});
