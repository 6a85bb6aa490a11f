/** What a fleet sends: reports of several samples, keyed or not, with poison between them. See `fleet-model.ts`. */
import type { Random } from './random.js';
import type { StreamMessage } from './stream.js';

export interface FleetVehicle {
  did: string;
  /** Of its records: its DID, another text that is always the same, or none, which spreads them over partitions. */
  key: string | null;
}

const DID = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:';

/** Vehicles with the numbers `from` to `from + count - 1`. */
export function vehiclesWith(keys: 'did' | 'other' | 'none', from: number, count: number): FleetVehicle[] {
  return Array.from({ length: count }, (_, i) => {
    const did = `${DID}${from + i}`;
    return { did, key: keys === 'did' ? did : keys === 'other' ? `fleet-${from + i}` : null };
  });
}

/** A report of the signals that the rules are about, each there or not; sometimes the same one twice. */
export function signalReport(dice: Random, vehicle: FleetVehicle, at: { timeMs: number; id: string }): StreamMessage {
  const signals = [
    number('speed', dice.below(120)),
    ...(dice.below(3) === 0 ? [number('powertrainTransmissionCurrentGear', dice.below(9))] : []),
    ...(dice.below(10) === 0 ? [text('obdDTCList', FAULTS[dice.below(FAULTS.length)]!)] : []),
    ...(dice.below(6) === 0 ? [location(54 + dice.below(100) / 100)] : []),
    ...(dice.below(8) === 0 ? [number('speed', dice.below(120))] : []),
    ...(dice.below(4) === 0 ? [number('powertrainCombustionEngineSpeed', dice.below(6_000))] : []),
  ];
  return message('dimo.signals', vehicle, { signals }, at);
}

export function brakingReport(dice: Random, vehicle: FleetVehicle, at: { timeMs: number; id: string }): StreamMessage {
  const durationNs = dice.below(1_000) * 1_000_000;
  const event = { name: 'behavior.harshBraking', timestamp: TIMESTAMP, durationNs, metadata: '', tags: [] };
  return message('dimo.events', vehicle, { events: [event] }, at);
}

/** One sample of the metric that only markers have. */
export function markerReport(vehicle: FleetVehicle, value: number, timeMs: number): StreamMessage {
  const signals = [number('powertrainTransmissionTravelledDistance', value)];
  return message('dimo.signals', vehicle, { signals }, { timeMs, id: 'marker' });
}

/** What cannot be read: a whole message, or one of the entries of a good one. */
export function poison(dice: Random, vehicle: FleetVehicle, at: { timeMs: number; id: string }): StreamMessage {
  if (dice.below(2) === 0) return { key: vehicle.key, value: '{"specversion":"1.0",', timeMs: at.timeMs };
  const signals = [{ ...number('speed', 0), valueNumber: '119' }, number('speed', dice.below(120))];
  return message('dimo.signals', vehicle, { signals }, at);
}

const TIMESTAMP = '2026-01-15T12:00:00Z';
const FAULTS = ['[]', '["P0301"]', '["P0301","P0420"]'];

function number(name: string, valueNumber: number): object {
  return { timestamp: TIMESTAMP, name, valueNumber, valueString: '', valueLocation: NOWHERE };
}

function text(name: string, valueString: string): object {
  return { timestamp: TIMESTAMP, name, valueNumber: 0, valueString, valueLocation: NOWHERE };
}

const NOWHERE = { latitude: 0, longitude: 0, hdop: 0, heading: 0 };

function location(latitude: number): object {
  const valueLocation = { latitude, longitude: 25.24, hdop: 1, heading: 182.5 };
  return { ...number('currentLocationCoordinates', 0), valueLocation };
}

function message(
  type: string,
  vehicle: FleetVehicle,
  data: object,
  { timeMs, id }: { timeMs: number; id: string },
): StreamMessage {
  const header = { specversion: '1.0', type, source: '0xF26421509Efe92861a587482100c6d728aBf1CD0', id };
  const value = JSON.stringify({ ...header, subject: vehicle.did, time: TIMESTAMP, data });
  return { key: vehicle.key, value, timeMs };
}
