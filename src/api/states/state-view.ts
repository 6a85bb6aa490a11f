import { z } from 'zod';
import { ZERO_LOCATION } from '../../core/sample.js';
import type { Reading } from '../../core/sample.js';
import type { State } from '../../core/state.js';
import type { FoundTrigger } from '../../store/trigger-record.js';

const location = z.object({ latitude: z.number(), longitude: z.number(), hdop: z.number(), heading: z.number() });
const event = z.object({
  source: z.string(),
  metadata: z.string(),
  durationNs: z.string().meta({ description: 'Nanoseconds, as text because a number would lose digits.' }),
  tags: z.array(z.string()),
});

/** What a trigger remembers of a vehicle, as the REST surface shows it. */
export const stateView = z
  .object({
    vehicle: z.string(),
    previousValue: z.union([z.number(), z.string(), location, event]).meta({
      description: 'What `previousValue` is in the condition; zero or empty before the first firing.',
    }),
    lastFiredAt: z.iso.datetime({ precision: 3 }).nullable(),
    coolingUntil: z.iso.datetime({ precision: 3 }).nullable().meta({ description: 'Null when it is not cooling.' }),
    firings: z.int(),
  })
  .meta({ id: 'WebhookState' });
export type StateView = z.output<typeof stateView>;

/** Shows a state; `nowMs` decides whether it is still cooling. */
export function viewState(trigger: FoundTrigger, vehicle: string, state: State, nowMs: number): StateView {
  const { firedAtMs } = state;
  const untilMs = firedAtMs === undefined ? undefined : firedAtMs + trigger.cooldownSeconds * 1000;
  return {
    vehicle,
    previousValue: previousValue(trigger, state.previous),
    lastFiredAt: firedAtMs === undefined ? null : new Date(firedAtMs).toISOString(),
    coolingUntil: untilMs === undefined || untilMs <= nowMs ? null : latestTime(untilMs),
    firings: state.sequence,
  };
}

/** Periods of decades from a wrong clock's time may pass the end of what a Date can say. */
function latestTime(ms: number): string {
  return new Date(Math.min(ms, Date.UTC(9999, 11, 31))).toISOString();
}

function previousValue({ valueKind }: FoundTrigger, previous: Reading | undefined): StateView['previousValue'] {
  const signal = previous?.kind === 'signal' ? previous : undefined;
  switch (valueKind) {
    case 'number':
      return signal?.valueNumber ?? 0;
    case 'string':
      return signal?.valueString ?? '';
    case 'location':
      return signal?.valueLocation ?? ZERO_LOCATION;
    case 'event': {
      const found = previous?.kind === 'event' ? previous : undefined;
      const { source = '', metadata = '', durationNs = 0n, tags = [] } = found ?? {};
      return { source, metadata, durationNs: durationNs.toString(), tags: [...tags] };
    }
  }
}
