/** A day of a small fleet, as the overview answers it: the same in each picture. */
import type { Schema } from '@tripline/client';

type Row = Schema<'WebhookOverview'>;

/** When the pictures are taken. */
export const NOW_MS = Date.parse('2026-03-12T14:32:10Z');

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SINCE_MS = Date.parse('2026-03-11T15:00:00Z');
/** How busy the roads are, by the hour, from three in the afternoon on. */
const BUSY = [46, 58, 71, 64, 42, 30, 22, 17, 11, 8, 5, 4, 4, 6, 13, 34, 66, 78, 61, 52, 47, 44, 49, 28];
/** Of each hour's deliveries. */
const NOT_DELIVERED = [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 9, 17, 9];

const PENDING = 12;

const before = (minutes: number) => new Date(NOW_MS - minutes * MINUTE_MS).toISOString();
const idOf = (at: number) => `0190a1c2-7d00-7${at}00-8000-00000000000${at}`;

const WEBHOOKS: readonly (Partial<Row> & Pick<Row, 'displayName' | 'metricName' | 'condition'> & { share: number })[] =
  [
    {
      ...{ displayName: 'Speeding in town', metricName: 'speed', condition: 'value > 55 && value != previousValue' },
      ...{ share: 0.4, failed: 37, pending: PENDING, lastFiredAt: before(1), oldestPendingAt: before(38) },
    },
    {
      ...{ displayName: 'At the gate', metricName: 'currentLocationCoordinates' },
      ...{ condition: 'geoDistance(value.latitude, value.longitude, 52.5163, 13.3777) < 0.3' },
      ...{ share: 0.27, lastFiredAt: before(4) },
    },
    {
      ...{ displayName: 'Harsh braking', metricName: 'behavior.harshBraking', service: 'telemetry.events' },
      ...{ condition: 'true', share: 0.18, lastFiredAt: before(12) },
    },
    {
      ...{ displayName: 'Low fuel', metricName: 'powertrainFuelSystemRelativeLevel', condition: 'value < 15' },
      ...{ share: 0.1, lastFiredAt: before(55) },
    },
    {
      ...{ displayName: 'Ignition at night', metricName: 'isIgnitionOn', condition: 'value != previousValue' },
      ...{ share: 0.05, status: 'disabled', lastFiredAt: before(9 * 60) },
    },
  ];

const ROWS: Row[] = WEBHOOKS.map(({ share, ...row }, at) => {
  // Each has its own rhythm.
  const byHour = BUSY.map((busy, hour) => Math.round(busy * share * (1 + 0.35 * Math.sin(hour * (at + 1) * 1.7))));
  const firings = byHour.reduce((sum, count) => sum + count, 0);
  const undelivered = (row.failed ?? 0) + (row.pending ?? 0);
  return {
    ...{ id: idOf(at), endpointId: idOf(at), service: 'telemetry.signals', status: 'enabled', statusReason: null },
    ...{ subscriptionCount: 128, failed: 0, pending: 0, held: 0, oldestPendingAt: null, lastFiredAt: null },
    ...{ delivered: firings - undelivered, firings, byHour, ...row },
  };
});

const total = (count: (row: Row) => number) => ROWS.reduce((sum, row) => sum + count(row), 0);

/** What `GET /v1/overview` answers in the pictures. */
export const OVERVIEW: Schema<'Overview'> = {
  since: new Date(SINCE_MS).toISOString(),
  until: new Date(NOW_MS).toISOString(),
  totals: {
    firings: total(({ firings }) => firings),
    delivered: total(({ delivered }) => delivered),
    failed: total(({ failed }) => failed),
    ...{ pending: PENDING, held: 0, oldestPendingAt: before(38), responseTimeMs: { p50: 86, p95: 214 } },
    successRate: total(({ delivered }) => delivered) / total(({ delivered, failed }) => delivered + failed),
  },
  byHour: BUSY.map((_, hour) => {
    const firings = total(({ byHour }) => byHour[hour]!);
    const failed = NOT_DELIVERED[hour]!;
    // What waits has fired within the last hour.
    const pending = hour === BUSY.length - 1 ? PENDING : 0;
    return {
      hour: new Date(SINCE_MS + hour * HOUR_MS).toISOString(),
      firings,
      delivered: firings - failed - pending,
      failed,
    };
  }),
  webhooks: ROWS,
  attention: [
    {
      ...{ kind: 'endpoint_failing', severity: 'warning', webhookId: idOf(0), endpointId: idOf(0), count: 37 },
      title: 'Speeding in town does not get through',
      detail: 'The last 37 attempts were answered 503. After 120 hours of nothing but failures it is given up.',
      ...{ since: before(38), until: null },
      action: { operationId: 'testWebhook', label: 'Send a test', parameters: { id: idOf(0) }, body: null },
    },
  ],
  attentionOmitted: 0,
};
