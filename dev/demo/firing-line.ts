import type { Arrival } from './receiver.js';

interface FiringEvent {
  id: string;
  subject: string;
  type: string;
  data: {
    webhookName?: string;
    signal?: { name: string; unit?: string; value: number | string | { latitude: number; longitude: number } };
    event?: { name: string; metadata?: string };
  };
}

const MAX_SHOWN_CHARACTERS = 60;

/**
 * One line for the terminal about what arrived: when, which webhook, which vehicle, what it measured, and how long it took
 * from the record in Kafka to the receiver. The id of a firing begins with the record's arrival in Kafka, 48 bits of
 * milliseconds.
 */
export function firingLine(arrival: Arrival): string {
  const time = new Date(arrival.receivedAtMs).toTimeString().slice(0, 8);
  const event = parse(arrival.body);
  if (!event?.data) return `${time}  ${arrival.path}: a body that is no firing (${arrival.body.length} bytes)`;
  const arrivedInKafkaMs = Number.parseInt(event.id.replaceAll('-', '').slice(0, 12), 16);
  const columns = [
    time,
    shown(event.data.webhookName ?? event.type).padEnd(16),
    `vehicle ${shown(event.subject.split(':').at(-1) ?? '')}`,
    shown(whatHappened(event)).padEnd(42),
    `${arrival.receivedAtMs - arrivedInKafkaMs} ms`.padStart(8),
    ...remarks(arrival),
  ];
  return columns.join('  ');
}

function remarks({ signature, attempt }: Arrival): string[] {
  const remarks = attempt > 1 ? [`attempt ${attempt}`] : [];
  switch (signature) {
    case 'valid':
      return remarks;
    case 'invalid':
      return [...remarks, 'WRONG SIGNATURE, refused'];
    case 'unknown':
      return [...remarks, 'signature not checked'];
  }
}

function whatHappened({ type, data: { signal, event } }: FiringEvent): string {
  if (event) return `${event.name} ${event.metadata ?? ''}`.trim();
  if (!signal) return type;
  const { name, value, unit = '' } = signal;
  if (typeof value === 'object') return `${name} ${value.latitude.toFixed(4)}, ${value.longitude.toFixed(4)}`;
  return `${name} ${value} ${unit}`.trim();
}

/** What came over the network may be long, and may hold what a terminal would obey. */
function shown(text: string): string {
  const printable = text.replace(/\p{Cc}/gu, ' ');
  return printable.length <= MAX_SHOWN_CHARACTERS ? printable : `${printable.slice(0, MAX_SHOWN_CHARACTERS - 1)}…`;
}

function parse(body: Buffer): FiringEvent | undefined {
  try {
    return JSON.parse(body.toString()) as FiringEvent;
  } catch {
    return undefined;
  }
}
