/** The bodies that endpoints can have, as the REST surface names them. */
export type Profile = 'standard' | 'dimo' | 'desmo' | 'dembrane' | 'dodev';

/** What a body is made of. */
export interface SentEvent {
  eventId: string;
  eventType: string;
  payload: Record<string, unknown>;
}

/**
 * The body as it was sent, to the byte: the CloudEvent, or the flat object of a profile that has one. It is made anew from
 * the payload, so it differs where a number has more digits than a number here holds; see `isExact`.
 */
export function sentBody({ eventId, eventType, payload }: SentEvent, profile: Profile): string {
  if (profile !== 'desmo' && profile !== 'dodev') return JSON.stringify(payload);
  const timeMs = Date.parse(String(payload.time));
  const data = (payload.data ?? {}) as Record<string, unknown>;
  if (profile === 'desmo') {
    return JSON.stringify({ event: eventType, timestamp: `${new Date(timeMs).toISOString().slice(0, 19)}Z`, data });
  }
  const service = typeof data.service === 'string' ? data.service : eventType.split('.')[0];
  const livemode = payload.livemode !== false;
  return JSON.stringify({ eventId: `evt_${eventId}`, type: eventType, service, data, livemode, createdAt: timeMs });
}

/** Whether a payload came through JSON without loss: whole numbers above 2^53 lose their last digits. */
export function isExact(payload: unknown): boolean {
  if (typeof payload === 'number') return Math.abs(payload) <= Number.MAX_SAFE_INTEGER;
  if (typeof payload !== 'object' || payload === null) return true;
  return Object.values(payload).every(isExact);
}
