import type { Tripline } from '@tripline/client';
import { useData } from '../api/queries.js';
import { useCatalog, useEndpoint, useMe, useWebhook } from '../api/resources.js';
import type { LogEvent } from '../api/resources.js';
import { findMetric } from '../condition/metric.js';
import type { Metric } from '../condition/metric.js';
import { useNow } from '../parts/time.js';
import { useTripline } from '../session.js';
import { subscribedAt, useVehicleState, useWebhooksOfVehicle } from '../vehicle/use-vehicle.js';
import { NOTICE_TYPES, NOTICES_HOURS } from './diagnosis.js';
import type { WhyNotFacts } from './diagnosis.js';

const NOTICES_MAX = 50;
const HOUR_MS = 3_600_000;

/** What is known, and what goes on being read. */
interface Gathered {
  facts: WhyNotFacts | undefined;
  metric: Metric | undefined;
  /** That the webhook itself cannot be read; what else is missing is left unknown. */
  error: Error | null;
  isReading: boolean;
  readAgain: () => void;
}

/** Gathers all that the REST surface tells about why a webhook does not fire. */
export function useWhyNotFacts(webhookId: string, vehicle: string | undefined): Gathered {
  const nowMs = useNow();
  const isOfVehicle = { enabled: vehicle !== undefined };
  const webhook = useWebhook(webhookId);
  const subscriptions = useWebhooksOfVehicle(vehicle ?? '', isOfVehicle);
  const state = useVehicleState(webhookId, vehicle ?? '', isOfVehicle);
  const endpointId = webhook.data?.endpointId;
  const endpoint = useEndpoint(endpointId ?? '', { enabled: endpointId !== undefined });
  const me = useMe();
  const notices = useNotices(webhookId);
  const catalog = useCatalog();
  const metric = webhook.data && findMetric(catalog.data ?? [], webhook.data);
  const queries = [webhook, endpoint, me, notices, catalog, ...(vehicle === undefined ? [] : [subscriptions, state])];
  const facts = webhook.data && {
    webhook: webhook.data,
    vehicle,
    subscribedAt: subscribedAt(subscriptions.data, webhookId),
    state: state.data,
    endpoint: endpoint.data,
    quota: me.data?.quota,
    notices: notices.data,
    permissions: metric?.permissions,
    nowMs,
  };
  return {
    facts,
    metric,
    error: webhook.error,
    isReading: queries.some(({ isLoading }) => isLoading),
    readAgain: () => queries.forEach((query) => void query.refetch()),
  };
}

/** Entries of the log that explain something: throttling concerns the license, so it names no webhook. */
function useNotices(webhookId: string) {
  const { can } = useTripline();
  return useData<LogEvent[]>(
    ['events', 'notices', webhookId],
    async (api, signal) => {
      const [ofLicense, ofWebhook] = await Promise.all([
        readNotices(api, { type: NOTICE_TYPES.license }, signal),
        readNotices(api, { type: NOTICE_TYPES.webhook, webhookId }, signal),
      ]);
      return { data: [...ofLicense, ...ofWebhook].sort((a, b) => b.time.localeCompare(a.time)) };
    },
    { enabled: can('events:read') },
  );
}

async function readNotices(
  api: Tripline,
  wanted: { type: string; webhookId?: string },
  signal: AbortSignal,
): Promise<LogEvent[]> {
  const since = new Date(Date.now() - NOTICES_HOURS * HOUR_MS).toISOString();
  const { data } = await api.GET('/v1/events', { params: { query: { ...wanted, since, limit: NOTICES_MAX } }, signal });
  return data?.data ?? [];
}
