/** A position as vehicles report it; degrees, `hdop` without unit, `heading` in degrees clockwise from north. */
export interface Location {
  latitude: number;
  longitude: number;
  hdop: number;
  heading: number;
}

/** What a condition can read of a signal. Values that the message did not set are 0, "" and 0/0/0/0. */
export interface SignalReading {
  kind: 'signal';
  /** Finite, as all numbers of JSON are. */
  valueNumber: number;
  valueString: string;
  valueLocation: Location;
  source: string;
}

/** What a condition can read of an event. `durationNs` is exact over the whole unsigned 64-bit range. */
export interface EventReading {
  kind: 'event';
  name: string;
  source: string;
  metadata: string;
  durationNs: bigint;
  tags: readonly string[];
}

export type Reading = SignalReading | EventReading;

/** What every sample has besides its reading. */
interface Origin {
  /** Canonical DID, see `parseDid`. */
  vehicle: string;
  /** Bare metric name as on the wire: `speed`, `behavior.harshBraking`. */
  name: string;
  /** Place in the message's array, counted over all entries, bad ones included. */
  index: number;
  /** RFC 3339 text as it was in the message, `0001-01-01T00:00:00Z` when it had none. */
  timestamp: string;
  /** DID of the device, "" when unknown. */
  producer: string;
}

export type SignalSample = SignalReading & Origin;
export type EventSample = EventReading & Origin;

/** One reading of one metric of one vehicle, or one occurrence of one event. */
export type Sample = SignalSample | EventSample;

export const ZERO_TIME = '0001-01-01T00:00:00Z';
export const ZERO_LOCATION: Location = Object.freeze({ latitude: 0, longitude: 0, hdop: 0, heading: 0 });
