import { randomBytes } from 'node:crypto';
import type { VehicleReading } from './simulated-vehicle.js';

/** Who a report is about, and through which connection and device it came. */
export interface Reporter {
  vehicle: string;
  source: string;
  device: string;
}

/** What one report becomes in Kafka: a message of signals, and one of events when there were any. */
export interface ReportMessages {
  signals: string;
  events: string | undefined;
}

/**
 * Writes a report as DIMO's ingestion service does: one CloudEvent with all signals of the moment, sorted by name, the
 * coordinates at the end, every value member present; and, with the same id, one with the events.
 */
export function reportMessages(
  reporter: Reporter,
  reading: VehicleReading,
  time: Date,
  id = newReportId(time),
): ReportMessages {
  const timestamp = goTime(time);
  const envelope = (type: string, data: object) =>
    JSON.stringify({
      specversion: '1.0',
      type,
      source: reporter.source,
      subject: reporter.vehicle,
      id,
      time: timestamp,
      dataversion: 'r/v0/s',
      producer: reporter.device,
      data,
    });
  const signals = signalsOf(reading).map((signal) => ({ timestamp, ...signal, cloudEventId: id }));
  const events = [
    {
      name: 'behavior.harshBraking',
      timestamp,
      durationNs: 0,
      metadata: '{"counterValue":1}',
      cloudEventId: id,
      tags: [],
    },
  ];
  return {
    signals: envelope('dimo.signals', { signals }),
    events: reading.hasBrakedHarshly ? envelope('dimo.events', { events }) : undefined,
  };
}

interface SignalValue {
  name: string;
  valueNumber: number;
  valueString: string;
  valueLocation: { latitude: number; longitude: number; hdop: number; heading: number };
}

const NOWHERE = { latitude: 0, longitude: 0, hdop: 0, heading: 0 };

function signalsOf(reading: VehicleReading): SignalValue[] {
  const number = (name: string, valueNumber: number) => ({
    name,
    valueNumber,
    valueString: '',
    valueLocation: NOWHERE,
  });
  const { latitude, longitude, heading } = reading;
  return [
    number('isIgnitionOn', reading.isIgnitionOn ? 1 : 0),
    number('powertrainTransmissionTravelledDistance', rounded(reading.odometerKm, 3)),
    number('speed', rounded(reading.speedKmh, 1)),
    {
      ...number('currentLocationCoordinates', 0),
      valueLocation: {
        latitude: rounded(latitude, 6),
        longitude: rounded(longitude, 6),
        hdop: 1,
        heading: rounded(heading, 1),
      },
    },
  ];
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** RFC 3339 as Go writes it: no trailing zeros in the fraction of a second. */
function goTime(time: Date): string {
  return time.toISOString().replace(/\.?0+Z$/, 'Z');
}

const KSUID_EPOCH_SECONDS = 1_400_000_000;
const BASE_62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A KSUID, as the real reports have: 32 bits of seconds and 128 random ones, 27 characters in base 62. */
function newReportId(time: Date): string {
  const seconds = BigInt(Math.floor(time.getTime() / 1000) - KSUID_EPOCH_SECONDS);
  let number = (seconds << 128n) | BigInt(`0x${randomBytes(16).toString('hex')}`);
  let text = '';
  for (; text.length < 27; number /= 62n) text = BASE_62[Number(number % 62n)] + text;
  return text;
}
