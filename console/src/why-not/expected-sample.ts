import type { Schema } from '@tripline/client';
import type { Webhook, WebhookState } from '../api/resources.js';
import type { ValueKind } from '../condition/metric.js';
import { readNumber } from '../parts/number-text.js';

type Trial = Schema<'ConditionTrial'>;
type Sample = Trial['sample'];

/** What was typed as the sample that was expected; a location is latitude and longitude. */
export type ReadSample = { kind: 'ok'; sample: Sample } | { kind: 'wrong'; problem: string };

/** Reads a sample as its metric has it. */
export function readSample(kind: ValueKind, text: string): ReadSample {
  const trimmed = text.trim();
  if (kind === 'number') {
    const value = readNumber(trimmed.replace(',', '.'));
    if (!Number.isNaN(value)) return { kind: 'ok', sample: sampleOf({ value }) };
    return { kind: 'wrong', problem: 'Type a number, such as 61 or -4.5.' };
  }
  if (kind === 'text') return { kind: 'ok', sample: sampleOf({ value: text }) };
  if (kind === 'location') return readLocation(trimmed);
  if (trimmed !== '' && !isJson(trimmed)) {
    return { kind: 'wrong', problem: 'Type the metadata as JSON, such as {"g": 0.5}, or leave it empty.' };
  }
  return { kind: 'ok', sample: sampleOf({ metadata: trimmed }) };
}

/** The question to the API: would this sample have fired, given what the webhook remembers of the vehicle. */
export function trialOf(webhook: Webhook, sample: Sample, state: WebhookState | undefined, nowMs: number): Trial {
  const { service, metricName, condition, coolDownPeriod, maxSampleAgeSeconds } = webhook;
  const trial = { service, metricName, condition, sample, coolDownPeriod, maxSampleAgeSeconds, sampleAgeSeconds: 0 };
  if (state?.lastFiredAt == null) return trial;
  const secondsSinceLastFiring = Math.max(0, (nowMs - Date.parse(state.lastFiredAt)) / 1000);
  return { ...trial, previous: previousOf(state.previousValue), secondsSinceLastFiring };
}

function readLocation(text: string): ReadSample {
  const [latitude, longitude, ...rest] = text.split(/[\s,;]+/).map(Number);
  const areFine = rest.length === 0 && isWithin(latitude, 90) && isWithin(longitude, 180);
  if (!areFine) return { kind: 'wrong', problem: 'Type latitude and longitude, such as 52.52, 13.405.' };
  const value = { latitude: latitude!, longitude: longitude!, hdop: 0, heading: 0 };
  return { kind: 'ok', sample: sampleOf({ value }) };
}

function isWithin(degrees: number | undefined, most: number): boolean {
  return degrees !== undefined && Number.isFinite(degrees) && Math.abs(degrees) <= most;
}

/** What the webhook remembers is a sample's value, or the whole of an event. */
function previousOf(previous: WebhookState['previousValue']): Sample {
  if (typeof previous === 'object' && 'durationNs' in previous) return sampleOf(previous);
  return sampleOf({ value: previous });
}

function sampleOf(given: Partial<Sample>): Sample {
  return { source: '', metadata: '', durationNs: 0, tags: [], ...given };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
