import type { Tripline } from '@tripline/client';
import { useData } from '../../api/queries.js';
import { useCatalog, useEndpoint, useWebhook } from '../../api/resources.js';
import type { LogEvent, Metric } from '../../api/resources.js';
import type { Schema } from '@tripline/client';
import { useNow } from '../../parts/time.js';
import { useTripline } from '../../session.js';
import { NOTICE_TYPES, NOTICES_HOURS } from './diagnosis.js';
import type { WhyNotFacts } from './diagnosis.js';
import { metricOf } from './metric-of.js';
import { subscribedAt, useVehicleState, useWebhooksOfVehicle } from './use-vehicle.js';

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
  const me = useData<Schema<'Me'>>(['me'], (api, signal) => api.GET('/v1/me', { signal }));
  const notices = useNotices(webhookId);
  const catalog = useCatalog();
  const metric = webhook.data && metricOf(catalog.data, webhook.data);
  const queries = [webhook, endpoint, me, notices, catalog, ...(vehicle === undefined ? [] : [subscriptions, state])];
  const facts = webhook.data && {
    ...{ webhook: webhook.data, vehicle, state: state.data, endpoint: endpoint.data, notices: notices.data, nowMs },
    ...{ quota: me.data?.quota, permissions: metric?.permissions },
    subscribedAt: subscribedAt(subscriptions.data, webhookId),
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
