import { dataOf, type Schema, type Tripline } from '@tripline/client';
import { GATE } from './route.js';

/** What of a webhook is kept from one start to the next: its secret is shown only once. */
export interface KeptWebhook {
  id: string;
  secret: string;
}

interface Definition {
  path: string;
  request: Schema<'NewWebhook'> & { displayName: string };
}

/** The demo's webhooks. Each has a path of the receiver for itself, so that its secret is known before a body is read. */
const DEFINITIONS: readonly Definition[] = [
  {
    path: '/speeding',
    request: {
      displayName: 'Speeding',
      service: 'telemetry.signals',
      metricName: 'speed',
      condition: 'value > 120 && value != previousValue',
      coolDownPeriod: 20,
      description: 'Faster than 120 km/h; once in 20 seconds, and not at the very speed that was reported last.',
    },
  },
  {
    path: '/at-the-gate',
    request: {
      displayName: 'At the gate',
      service: 'telemetry.signals',
      metricName: 'currentLocationCoordinates',
      condition: `geoDistance(value.latitude, value.longitude, ${GATE.latitude}, ${GATE.longitude}) < 0.5`,
      coolDownPeriod: 60,
      description: 'Within 500 m of the Brandenburg Gate; once a minute.',
    },
  },
  {
    path: '/harsh-braking',
    request: {
      displayName: 'Harsh braking',
      service: 'telemetry.events',
      metricName: 'behavior.harshBraking',
      condition: 'true',
      coolDownPeriod: 0,
      description: 'Every harsh braking.',
    },
  },
];

/** What those webhooks need to know of a vehicle. */
const PERMISSIONS = ['privilege:GetNonLocationHistory', 'privilege:GetLocationHistory'];

/** Grants the license access to the vehicles, as an operator. */
export async function grantVehicles(operator: Tripline, license: string, vehicles: readonly string[]): Promise<void> {
  for (const vehicle of vehicles) {
    await operator.PUT('/v1/admin/grants/{license}/{did}', {
      params: { path: { license, did: vehicle } },
      body: { permissions: PERMISSIONS },
    });
  }
}

/**
 * Makes sure that the demo's webhooks exist, are enabled, deliver to the receiver and have the vehicles, and answers their
 * secrets by path. Those of an earlier start are found again by the id that was kept; one whose secret was lost is made
 * anew, because no one can check its signatures any more.
 */
export async function ensureWebhooks(options: {
  developer: Tripline;
  receiver: { urlOf(path: string): string; verificationToken: string };
  vehicles: readonly string[];
  kept: Readonly<Record<string, KeptWebhook>>;
}): Promise<Record<string, KeptWebhook>> {
  const existing = await dataOf(options.developer.GET('/v1/webhooks'));
  const result: Record<string, KeptWebhook> = {};
  for (const definition of DEFINITIONS) {
    const kept = options.kept[definition.path];
    const found = existing.find(({ id }) => id === kept?.id);
    result[definition.path] = kept && found ? kept : await create(options, definition, existing);
    if (found) await adjust(options, definition, found);
    const { id } = result[definition.path]!;
    await options.developer.POST('/v1/webhooks/{id}/subscribe/list', {
      params: { path: { id } },
      body: { assetDIDs: [...options.vehicles] },
    });
  }
  return result;
}

type Surroundings = Pick<Parameters<typeof ensureWebhooks>[0], 'developer' | 'receiver'>;

async function create(
  { developer, receiver }: Surroundings,
  { path, request }: Definition,
  existing: readonly Schema<'Webhook'>[],
): Promise<KeptWebhook> {
  const inTheWay = existing.find(({ displayName }) => displayName.toLowerCase() === request.displayName.toLowerCase());
  if (inTheWay) await developer.DELETE('/v1/webhooks/{id}', { params: { path: { id: inTheWay.id } } });
  const { verificationToken } = receiver;
  const body = { ...request, targetURL: receiver.urlOf(path), verificationToken };
  const { id, secret } = await dataOf(developer.POST('/v1/webhooks', { body }));
  // Only a webhook of a shared endpoint has no secret of its own.
  return { id, secret: secret! };
}

/** The receiver's port may be another than last time; what else was changed since then is the user's wish. */
async function adjust(
  { developer, receiver }: Surroundings,
  { path }: Definition,
  found: Schema<'Webhook'>,
): Promise<void> {
  const { verificationToken } = receiver;
  const target = found.targetURL === receiver.urlOf(path) ? {} : { targetURL: receiver.urlOf(path), verificationToken };
  const status = found.status === 'failed' ? { status: 'enabled' as const } : {};
  const body = { ...target, ...status };
  if (Object.keys(body).length > 0)
    await developer.PUT('/v1/webhooks/{id}', { params: { path: { id: found.id } }, body });
}
