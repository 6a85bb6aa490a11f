import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { each, TestApi, vehicle, type ApiDeveloper } from '../../../test/support/api.js';
import { giveUpEndpoint } from '../../../test/support/give-up.js';
import { addAttempt, addEvent, addPending, addSettled } from '../../../test/support/log-rows.js';
import type { EventRowFields } from '../../../test/support/log-rows.js';
import { ROUTES } from '../../../test/support/operation-calls.js';
import { newLogId } from '../../store/log-id.js';
import type { Attention, AttentionKind } from './attention-view.js';
import type { OverviewView } from './overview-operations.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start({ failureLimits: { hours: 120, count: 300 }, quotas: { firingsPerMinute: 70 } });
});
afterAll(() => api.stop());

/** A license with a webhook that has nothing wrong. */
class Fleet {
  private constructor(
    readonly developer: ApiDeveloper,
    readonly id: string,
    readonly endpointId: string,
  ) {}

  static async of(fields: Record<string, unknown> = {}): Promise<Fleet> {
    const developer = await api.developer();
    await developer.grant([vehicle(1)]);
    const id = await developer.register({ displayName: 'Too fast', ...fields });
    await developer.call('POST', `/v1/webhooks/${id}/subscribe/${vehicle(1)}`);
    return new Fleet(developer, id, String((await developer.config(id)).endpointId));
  }

  /** Two webhooks that share an endpoint. */
  static async sharing(): Promise<Fleet> {
    const first = await Fleet.of();
    const { developer } = first;
    const target = { url: api.target.url('/token/abc'), verificationToken: 'abc' };
    const made = await developer.call('POST', '/v1/endpoints', { ...target, description: 'Our backend' });
    const endpointId = String(made.body.id);
    await developer.call('PATCH', `/v1/webhooks/${first.id}`, { endpointId });
    const { service, metricName, condition } = developer.webhook();
    const fields = { service, metricName, condition, endpointId, displayName: 'Much too fast' };
    const second = await developer.call('POST', '/v1/webhooks', fields);
    await developer.call('POST', `/v1/webhooks/${String(second.body.id)}/subscribe/${vehicle(1)}`);
    return new Fleet(developer, first.id, endpointId);
  }

  event(agoMs = 1_000, given: Partial<EventRowFields> = {}): Promise<EventRowFields> {
    const { license } = this.developer;
    const about = { license, triggerId: this.id, vehicle: vehicle(1) };
    return addEvent(api.database.pool, { id: newLogId(Date.now() - agoMs), ...about, ...given });
  }

  async settled(status: string, agoMs = 1_000, more: { isTest?: boolean } = {}): Promise<string> {
    const { endpointId } = this;
    const row = { endpointId, event: await this.event(agoMs), createdAt: new Date(Date.now() - agoMs), ...more };
    return (await addSettled(api.database.pool, status, row)).id;
  }

  async pending(createdAgoMs = 1_000, dueInSeconds = 0): Promise<Date> {
    const { endpointId } = this;
    const createdAt = new Date(Date.now() - createdAgoMs);
    await addPending(api.database.pool, { endpointId, event: await this.event(), createdAt, dueInSeconds });
    return createdAt;
  }

  /** What senders write of an endpoint that fails. */
  async fails(failures: number, { warned = 0, pausedForSeconds = 0 } = {}): Promise<void> {
    await api.database.pool.query(
      `update endpoint_leases set failures = $2, warned = $3, failing_since = now() - interval '1 hour',
              last_error = 'Answered 503.', pause_until = now() + make_interval(secs => $4)
       where endpoint_id = $1`,
      [this.endpointId, failures, warned, pausedForSeconds],
    );
  }

  async overview(query = ''): Promise<OverviewView> {
    const answer = await this.developer.call('GET', `/v1/overview${query}`);
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.body as OverviewView;
  }

  async attention(): Promise<Attention[]> {
    return (await this.overview()).attention;
  }
}

/** Does what a line says, as a page would when its button is pressed. */
async function act(developer: ApiDeveloper, { action }: Attention): Promise<number> {
  const { operationId, parameters, body } = action!;
  const { method, path } = ROUTES.find(({ definition }) => definition.id === operationId)!;
  const rest = new URLSearchParams(parameters);
  const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    rest.delete(name);
    return parameters[name]!;
  });
  return (await developer.call(method.toUpperCase(), `${filled}?${rest.toString()}`, body ?? undefined)).status;
}

describe('the numbers', () => {
  test('of a license without anything are zeros, hour by hour, with nothing to look after', async () => {
    const { body } = await (await api.developer()).call('GET', '/v1/overview');
    const { totals, byHour, webhooks, attention, attentionOmitted } = body as OverviewView;
    const none = { firings: 0, delivered: 0, failed: 0, pending: 0, held: 0, oldestPendingAt: null };
    expect(totals).toEqual({ ...none, successRate: null, responseTimeMs: { p50: null, p95: null } });
    expect([byHour.length, webhooks, attention, attentionOmitted]).toEqual([25, [], [], 0]);
  });

  test('are those of each webhook, their sums, and the same as its own numbers', async () => {
    const fleet = await Fleet.of();
    await addAttempt(api.database.pool, await fleet.settled('delivered'), { statusCode: 200, durationMs: 40 });
    await fleet.settled('delivered', 3 * HOUR_MS);
    await fleet.settled('delivered', 30 * HOUR_MS);
    await fleet.settled('failed', 3 * HOUR_MS);
    await fleet.settled('held', 50 * HOUR_MS);
    await fleet.settled('delivered', 1_000, { isTest: true });
    const oldestPendingAt = (await fleet.pending(2 * HOUR_MS)).toISOString();
    const other = await Fleet.of();
    await addPending(api.database.pool, { endpointId: randomUUID(), event: await fleet.event() });

    const { webhooks, totals, byHour } = await fleet.overview();
    const counts = { firings: 6, delivered: 2, failed: 1, pending: 1, held: 1, oldestPendingAt };
    expect(totals).toEqual({ ...counts, successRate: 2 / 3, responseTimeMs: { p50: 40, p95: 40 } });
    expect(webhooks).toEqual([
      {
        ...counts,
        ...{ id: fleet.id, displayName: 'Too fast', service: 'telemetry.signals', metricName: 'speed' },
        ...{ condition: 'value > 55', status: 'enabled', statusReason: null, endpointId: fleet.endpointId },
        ...{ subscriptionCount: 1, lastFiredAt: expect.any(String), byHour: each(byHour, 'firings') },
      },
    ]);
    const stats = (await fleet.developer.call('GET', `/v1/webhooks/${fleet.id}/stats`)).body as OverviewView;
    expect(byHour.slice(1)).toEqual(stats.byHour.slice(1));
    expect((await other.overview()).totals.firings).toBe(0);
  });

  test('of a shared endpoint are told apart by what fired', async () => {
    const fleet = await Fleet.sharing();
    await fleet.pending();
    await fleet.settled('held');
    const listened = await fleet.event(1_000, { triggerId: null, type: 'delivery.failed' });
    await addPending(api.database.pool, { endpointId: fleet.endpointId, event: listened });
    const { webhooks, totals } = await fleet.overview();
    const [own, other] = [fleet.id, undefined].map((id) =>
      webhooks.find((one) => (one.id === fleet.id) === (id !== undefined)),
    );
    expect([own, other]).toMatchObject([
      { pending: 1, held: 1 },
      { pending: 0, held: 0 },
    ]);
    expect(totals).toMatchObject({ pending: 1, held: 1 });
  });

  test('begin where they are asked to, and never before the log', async () => {
    const fleet = await Fleet.of();
    await fleet.settled('delivered', 30 * HOUR_MS);
    const since = new Date(Date.now() - 40 * HOUR_MS).toISOString();
    const longer = await fleet.overview(`?since=${since}`);
    expect(longer).toMatchObject({ since, totals: { firings: 1, delivered: 1 } });
    const all = await fleet.overview('?since=2020-01-01T00:00:00Z');
    expect(Date.parse(all.until) - Date.parse(all.since)).toBe(30 * 24 * HOUR_MS);
    expect([all.byHour.length, all.webhooks[0]!.byHour.length]).toEqual([721, 721]);
    const { status, body } = await fleet.developer.call('GET', '/v1/overview?since=2999-01-01T00:00:00Z');
    expect([status, each(body.errors, 'pointer')]).toEqual([400, ['since']]);
  });
});

/** How a fleet comes to need attention, by kind; what it is like then, and whether its action makes it go away. */
const WAYS: Record<
  AttentionKind,
  { make: () => Promise<Fleet>; line: Partial<Record<keyof Attention, unknown>>; mends: boolean }
> = {
  license_gated: {
    make: async () => {
      const fleet = await Fleet.of();
      await fleet.settled('held');
      await api.admin('PUT', `/v1/admin/licenses/${fleet.developer.license}/quota`, { webhooks: 0 });
      return fleet;
    },
    line: { severity: 'error', count: 1, action: null },
    mends: false,
  },
  endpoint_gone: {
    make: async () => {
      const fleet = await Fleet.of();
      await giveUpEndpoint(api.database, fleet.endpointId, 'gone', 'Answered 410');
      return fleet;
    },
    line: { severity: 'error', title: '“Too fast” is gone', detail: expect.stringContaining('Answered 410. ') },
    mends: true,
  },
  endpoint_failed: {
    make: async () => {
      const fleet = await Fleet.sharing();
      await fleet.settled('held');
      await giveUpEndpoint(api.database, fleet.endpointId, 'failed', 'All 50 attempts failed.');
      return fleet;
    },
    line: {
      ...{
        severity: 'error',
        webhookId: null,
        count: 1,
        title: 'The endpoint “Our backend” of 2 webhooks was given up',
      },
      detail: expect.stringMatching(/All 50 attempts failed\. .*recover 1 delivery\.$/),
    },
    mends: true,
  },
  endpoint_breaker_open: {
    make: async () => {
      const fleet = await Fleet.of();
      await fleet.settled('failed');
      await fleet.fails(1_037, { pausedForSeconds: 60 });
      return fleet;
    },
    line: {
      ...{ severity: 'warning', count: 1_037, title: '“Too fast” does not get through', until: expect.any(String) },
      detail: expect.stringMatching(
        /^The last 1,037 attempts failed, most recently with: Answered 503\. .* or when 300 firings .* recover 1 delivery\.$/,
      ),
    },
    mends: false,
  },
  endpoint_failing: {
    make: async () => {
      const fleet = await Fleet.of();
      await fleet.fails(1);
      return fleet;
    },
    line: { severity: 'notice', count: 1, until: null, detail: expect.stringMatching(/^The last attempt failed, /) },
    mends: false,
  },
  quota_reached: {
    make: async () => {
      const fleet = await Fleet.of();
      await api.admin('PUT', `/v1/admin/licenses/${fleet.developer.license}/quota`, { webhooks: 1 });
      return fleet;
    },
    line: { severity: 'warning', count: 1, title: '1 of 1 webhooks are used' },
    mends: false,
  },
  deliveries_held: {
    make: async () => {
      const fleet = await Fleet.of();
      for (const hoursAgo of [1, 50]) await fleet.settled('held', hoursAgo * HOUR_MS);
      return fleet;
    },
    line: { severity: 'warning', count: 2, title: '2 deliveries of “Too fast” are held' },
    mends: true,
  },
  deliveries_failed: {
    make: async () => {
      const fleet = await Fleet.of();
      for (const hoursAgo of [1, 50]) await fleet.settled('failed', hoursAgo * HOUR_MS);
      return fleet;
    },
    line: { severity: 'warning', count: 1, title: '1 delivery of “Too fast” did not arrive' },
    mends: true,
  },
  deliveries_late: {
    make: async () => {
      const fleet = await Fleet.of({ maxPerSecond: 2 });
      await fleet.pending(HOUR_MS, -600);
      return fleet;
    },
    line: { severity: 'warning', count: 1, detail: expect.stringContaining('at most 2 a second') },
    mends: false,
  },
  firings_throttled: {
    make: async () => {
      const fleet = await Fleet.of();
      await fleet.event(1_000, { type: 'trigger.throttled', triggerId: null, payload: '{"samples":3}' });
      return fleet;
    },
    line: { severity: 'warning', count: 1, detail: expect.stringContaining('more than 70 firings in a minute') },
    mends: false,
  },
  condition_failing: {
    make: async () => {
      const fleet = await Fleet.of();
      await fleet.event(1, { type: 'condition.failed', payload: '{"code":"x","message":"y"}' });
      return fleet;
    },
    line: { severity: 'warning', title: 'The condition of “Too fast” fails' },
    mends: false,
  },
  rate_limited: {
    make: async () => {
      const fleet = await Fleet.of();
      const payload = '{"limit":"deliveriesPerMinute","most":5}';
      await fleet.event(1_000, { type: 'quota.exceeded', triggerId: null, payload });
      return fleet;
    },
    line: { severity: 'warning', count: 1, title: 'The limit of deliveries a minute was reached' },
    mends: false,
  },
  quota_near: {
    make: async () => {
      const fleet = await Fleet.of();
      for (let n = 0; n < 4; n++) await fleet.settled('delivered');
      for (let n = 0; n < 4; n++) await fleet.pending();
      await api.admin('PUT', `/v1/admin/licenses/${fleet.developer.license}/quota`, { pendingDeliveries: 5 });
      return fleet;
    },
    line: { severity: 'notice', count: 4, title: '4 of 5 pending deliveries wait' },
    mends: false,
  },
  endpoint_paused: {
    make: async () => {
      const fleet = await Fleet.sharing();
      await fleet.developer.call('PATCH', `/v1/endpoints/${fleet.endpointId}`, { enabled: false });
      return fleet;
    },
    line: { severity: 'notice', title: 'The endpoint “Our backend” of 2 webhooks is switched off' },
    mends: true,
  },
  webhook_without_vehicles: {
    make: async () => {
      const fleet = await Fleet.of({ displayName: null });
      await fleet.developer.call('DELETE', `/v1/webhooks/${fleet.id}/unsubscribe/${vehicle(1)}`);
      return fleet;
    },
    line: { severity: 'notice', title: 'The webhook on speed watches no vehicle' },
    mends: true,
  },
  secret_overlap: {
    make: async () => {
      const fleet = await Fleet.of();
      await fleet.developer.call('POST', `/v1/webhooks/${fleet.id}/rotate`, { overlapHours: 1 });
      return fleet;
    },
    line: { severity: 'notice', title: '“Too fast” has two secrets', until: expect.any(String) },
    mends: false,
  },
};

describe('what needs attention', () => {
  test.each(Object.entries(WAYS))(
    '%s: is the only line, with an action that can be done',
    async (kind, { make, line, mends }) => {
      const fleet = await make();
      const [found, ...others] = await fleet.attention();
      expect(others).toEqual([]);
      expect(found).toMatchObject({ kind, ...line });
      expect(found!.detail).toMatch(/^[A-Z].*\.$/);
      expect(`${found!.title} ${found!.detail}`).not.toMatch(/undefined|null|NaN|Infinity|\.\./);
      if (found!.action === null) return;
      expect([200, 202]).toContain(await act(fleet.developer, found!));
      const after = each(await fleet.attention(), 'kind');
      if (mends) expect(after).not.toContain(kind);
      else expect(after).toContain(kind);
    },
  );

  test('comes in the order of what matters first', async () => {
    const fleet = await Fleet.sharing();
    await fleet.settled('failed');
    await fleet.settled('held');
    const [unwatched, broken] = [await fleet.developer.register(), await fleet.developer.register()];
    await giveUpEndpoint(api.database, String((await fleet.developer.config(broken)).endpointId), 'failed', 'No.');
    const found = await fleet.attention();
    const quiet = ['webhook_without_vehicles', 'webhook_without_vehicles'];
    expect(each(found, 'kind')).toEqual(['endpoint_failed', 'deliveries_held', 'deliveries_failed', ...quiet]);
    expect(each(found, 'webhookId').slice(3).sort()).toEqual([unwatched, broken].sort());
  });

  test('is told a hundred times at most, the rest only counted', async () => {
    const fleet = await Fleet.of();
    await giveUpEndpoint(api.database, fleet.endpointId, 'failed', 'No.');
    for (let n = 0; n < 102; n++) await fleet.developer.register();
    const { attention, attentionOmitted } = await fleet.overview();
    expect([attention.length, attentionOmitted, attention[0]!.kind]).toEqual([100, 3, 'endpoint_failed']);
  });

  test('an owner who was warned has an error', async () => {
    const fleet = await Fleet.of();
    await fleet.fails(20, { warned: 50 });
    expect(await fleet.attention()).toMatchObject([{ kind: 'endpoint_breaker_open', severity: 'error' }]);
  });

  test.each([
    ['another license has', () => Fleet.of()],
    [
      'was mended, by another condition for one,',
      async () => {
        const fleet = await Fleet.of();
        await fleet.event(MINUTE_MS, { type: 'condition.failed' });
        return fleet;
      },
    ],
    [
      'belongs to a webhook that is switched off',
      async () => {
        const fleet = await Fleet.of();
        await giveUpEndpoint(api.database, fleet.endpointId, 'failed', 'No.');
        await fleet.developer.call('PATCH', `/v1/webhooks/${fleet.id}`, { status: 'disabled' });
        return fleet;
      },
    ],
    [
      'cannot be recovered, since it arrived or is no longer on record,',
      async () => {
        const fleet = await Fleet.of();
        const { pool } = api.database;
        const { endpointId } = fleet;
        const event = await fleet.event();
        await addSettled(pool, 'delivered', { endpointId, event });
        await addSettled(pool, 'held', { id: newLogId(), endpointId, event });
        await pool.query('delete from events where id = $1', [
          (await addSettled(pool, 'held', { endpointId, event: await fleet.event() })).event.id,
        ]);
        return fleet;
      },
    ],
    [
      'is due later, or has just become so,',
      async () => {
        const fleet = await Fleet.of();
        await fleet.pending(HOUR_MS, 600);
        await fleet.pending(HOUR_MS, -60);
        return fleet;
      },
    ],
  ])('what %s is not told', async (_what, make) => {
    expect(await (await make()).attention()).toEqual([]);
  });
});
