/** The statuses of deliveries, in the order in which they are offered. */
export const STATUSES = ['pending', 'delivered', 'failed', 'held', 'cancelled'] as const;
export type DeliveryStatusName = (typeof STATUSES)[number];

/** What the list of deliveries is narrowed by and shows, as it stands in the page's address. */
export interface DeliverySearch {
  /** Some of `STATUSES`, by comma. */
  status?: string;
  webhook?: string;
  endpoint?: string;
  vehicle?: string;
  /** A time, or how far back: `1h`, `24h`, `7d`. */
  since?: string;
  until?: string;
  view?: 'causes';
  /** The delivery that stands open over the list. */
  delivery?: string;
}

/** Ranges of time that are offered by name. */
export const SPANS = [
  { id: '1h', text: 'Last hour', spanMs: 3_600_000 },
  { id: '24h', text: 'Last 24 hours', spanMs: 86_400_000 },
  { id: '7d', text: 'Last 7 days', spanMs: 604_800_000 },
] as const;

/**
 * Reads the parameters of an address. What is no value of a filter is left out: a wrong link shows a list that is too long
 * rather than an error.
 */
export function readDeliverySearch(search: Record<string, unknown>): DeliverySearch {
  return compact({
    status: statusesOf(search['status']),
    webhook: textOf(search['webhook']),
    endpoint: textOf(search['endpoint']),
    vehicle: textOf(search['vehicle']),
    since: timeOrSpanOf(search['since']),
    until: timeOf(search['until']),
    view: search['view'] === 'causes' ? 'causes' : undefined,
    delivery: textOf(search['delivery']),
  });
}

/** What the API is asked with. Spans count from `nowMs`. */
export function deliveryQuery(search: DeliverySearch, nowMs: number) {
  const { status, webhook, endpoint, vehicle, since, until } = search;
  return compact({
    status,
    webhookId: webhook,
    endpointId: endpoint,
    vehicle,
    since: sinceTime(since, nowMs),
    until,
  });
}

/** The time that a `since` means; undefined without one. */
export function sinceTime(since: string | undefined, nowMs: number): string | undefined {
  const span = SPANS.find(({ id }) => id === since);
  return span ? new Date(nowMs - span.spanMs).toISOString() : since;
}

/** Whether anything narrows the list. */
export function isNarrowed({ view: _view, delivery: _delivery, ...filters }: DeliverySearch): boolean {
  return Object.keys(filters).length > 0;
}

/** The search of an address without the members that are undefined. */
export function compact<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/** A vehicle as someone typed it: none, one, or what is wrong. */
export type VehicleReading = { kind: 'ok'; vehicle: string | undefined } | { kind: 'wrong'; problem: string };

/** Reads a DID, or the token number of one of the `known` vehicles, with or without #. */
export function vehicleFor(text: string, known: readonly string[]): VehicleReading {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'ok', vehicle: undefined };
  if (/^did:erc721:\d+:0x[0-9a-fA-F]{40}:\d+$/.test(trimmed)) return { kind: 'ok', vehicle: trimmed };
  const token = /^#?(\d+)$/.exec(trimmed)?.[1];
  if (token === undefined) return { kind: 'wrong', problem: 'This is no DID of a vehicle: did:erc721:137:0x…:12345.' };
  const found = [...new Set(known)].filter((did) => did.endsWith(`:${token}`));
  if (found.length === 1) return { kind: 'ok', vehicle: found[0] };
  const problem =
    found.length === 0 ? 'No vehicle of this list has this number.' : 'Several vehicles have this number.';
  return { kind: 'wrong', problem: `${problem} Give its whole DID.` };
}

const TEXT_MAX = 300;

/** A text of an address, trimmed; undefined for none. Numbers are read as texts: an address has no quotes. */
export function textOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || text.length > TEXT_MAX) return undefined;
  return text.trim() === '' ? undefined : text.trim();
}

/** A time of an address in the form that the API reads, or a span of `SPANS`. */
export function timeOrSpanOf(value: unknown): string | undefined {
  return SPANS.find(({ id }) => id === value)?.id ?? timeOf(value);
}

/** A time of an address in the form that the API reads; undefined for what is none. */
export function timeOf(value: unknown): string | undefined {
  const text = textOf(value);
  if (text === undefined || !/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

function statusesOf(value: unknown): string | undefined {
  const names = textOf(value)?.split(',') ?? [];
  const known = STATUSES.filter((status) => names.includes(status));
  return known.length === 0 || known.length === STATUSES.length ? undefined : known.join(',');
}
