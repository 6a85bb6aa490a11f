import type { Endpoint } from '../api/resources.js';
import { ago, plural } from '../parts/format.js';
import type { StatusKind } from '../parts/status.js';

type Health = Pick<Endpoint, 'status' | 'statusReason' | 'failureCount' | 'pausedUntil' | 'lastError'>;

/** How an endpoint is: in a word, and what else is to be known. `detail` is empty when all is well. */
export function healthOf(endpoint: Health, nowMs: number): { kind: StatusKind; word: string; detail: string } {
  const { status, statusReason, failureCount, lastError } = endpoint;
  const reason = statusReason === null ? '' : ` ${sentence(statusReason)}`;
  switch (status) {
    case 'gone':
      return { kind: 'bad', word: 'Gone', detail: `The target said that it is gone: what comes is held.${reason}` };
    case 'failed':
      return { kind: 'bad', word: 'Given up', detail: `Nothing is sent any more: what comes is held.${reason}` };
    case 'paused':
      return { kind: 'mute', word: 'Switched off', detail: 'You switched it off: what comes is held.' };
    case 'active': {
      const pause = pauseWords(endpoint, nowMs);
      const error = lastError === null ? '' : ` The last error was: ${sentence(lastError)}`;
      if (pause !== undefined) return { kind: 'warn', word: 'Paused', detail: `${pause}.${error}` };
      if (failureCount > 0) {
        return { kind: 'warn', word: 'Failing', detail: `${plural(failureCount, 'firing')} failed in a row.${error}` };
      }
      return { kind: 'ok', word: 'Working', detail: '' };
    }
  }
}

/** "Paused until 14:32 (in 3 min), after 10 failures"; undefined while nothing keeps it from being sent to. */
export function pauseWords({ pausedUntil, failureCount }: Health, nowMs: number): string | undefined {
  if (pausedUntil === null || Date.parse(pausedUntil) <= nowMs) return undefined;
  const why = failureCount > 0 ? `after ${plural(failureCount, 'failure')}` : 'as the target asked';
  return `Paused until ${clock(pausedUntil)} (${ago(pausedUntil, nowMs)}), ${why}`;
}

/** The waits behind the names of schedules. */
const SCHEDULES: Readonly<Record<string, string>> = {
  stepped: '1 min, 5 min, 30 min, 2 h, 24 h',
  exponential: '30 s, 1 min, 2 min, 4 min, 8 min',
  standard: '5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h',
};

/** A retry schedule with its waits. */
export function retryWords(retry: string | null): string {
  if (retry === null) return 'as the installation has it';
  const waits = SCHEDULES[retry];
  return waits === undefined ? retry.replaceAll(',', ', ') : `${retry}: ${waits}`;
}

const PROFILES: Readonly<Record<Endpoint['profile'], string>> = {
  standard: 'Standard Webhooks',
  dimo: 'DIMO',
  desmo: 'Desmo',
  dembrane: 'Dembrane',
  dodev: 'DoDev',
};

/** The name of a profile. */
export function profileWords(profile: Endpoint['profile']): string {
  return PROFILES[profile];
}

function clock(at: string): string {
  return new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
