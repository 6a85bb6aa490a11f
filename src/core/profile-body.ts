import type { Profile } from './endpoint.js';
import { isObject, type JsonObject } from './json.js';

/** A log event and the CloudEvent it goes out as. */
export interface ProfiledEvent {
  eventId: string;
  /** The log event's, such as `trigger.fired`. */
  eventType: string;
  /** JSON text of a CloudEvent. */
  envelope: string;
}

/** Whether the profile's body is a CloudEvent; flat ones can only be `application/json`. */
export function hasCloudEventBody(profile: Profile): boolean {
  return profile !== 'desmo' && profile !== 'dodev';
}

/**
 * The body that receivers of a profile parse: the CloudEvent as it is, or their own flat object around its `data`, whose
 * text is kept to the character, so that whole numbers above 2^53 stay exact.
 */
export function profileBody({ eventId, eventType, envelope }: ProfiledEvent, profile: Profile): string {
  if (hasCloudEventBody(profile)) return envelope;
  const event = JSON.parse(envelope) as JsonObject;
  const timeMs = Date.parse(String(event.time));
  const data = memberText(envelope, 'data') ?? '{}';
  if (profile === 'desmo') {
    return `{"event":${JSON.stringify(eventType)},"timestamp":"${wholeSecond(timeMs)}","data":${data}}`;
  }
  const head = { eventId: profileEventId(eventId), type: eventType, service: serviceOf(event.data, eventType) };
  const tail = { livemode: event.livemode !== false, createdAt: timeMs };
  return `${JSON.stringify(head).slice(0, -1)},"data":${data},${JSON.stringify(tail).slice(1)}`;
}

/** An event's id as receivers of `dodev` know ids: some tell what kind of thing it is by its first letters. */
export function profileEventId(eventId: string): string {
  return `evt_${eventId}`;
}

/** A firing is of its metric's service; what else happens, of the first part of its type. */
function serviceOf(data: unknown, eventType: string): string {
  if (isObject(data) && typeof data.service === 'string') return data.service;
  return eventType.split('.')[0]!;
}

/** RFC 3339 without a fraction. */
function wholeSecond(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}

/** The text of one member's value of an object, as it stands in the object's valid JSON text; undefined without it. */
function memberText(json: string, name: string): string | undefined {
  const quoted = JSON.stringify(name);
  let depth = 0;
  let key: string | undefined;
  let valueStart = -1;
  for (let index = 0; index < json.length; index++) {
    const character = json[index]!;
    if (character === '"') {
      const end = endOfString(json, index);
      if (depth === 1 && valueStart < 0) key = json.slice(index, end);
      index = end - 1;
    } else if (character === ':' && depth === 1) {
      valueStart = index + 1;
    } else if (depth === 1 && (character === ',' || character === '}')) {
      if (key === quoted) return json.slice(valueStart, index).trim();
      valueStart = -1;
    }
    if (character === '{' || character === '[') depth++;
    if (character === '}' || character === ']') depth--;
  }
  return undefined;
}

/** The index behind the quote that ends the string which begins at `start`. */
function endOfString(json: string, start: number): number {
  for (let index = start + 1; index < json.length; index++) {
    if (json[index] === '\\') index++;
    else if (json[index] === '"') return index + 1;
  }
  return json.length;
}
