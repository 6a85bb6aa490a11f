/** What the program's settings mean where that takes more than their text: files, and other settings. */
import { readFileSync } from 'node:fs';
import type { Settings } from './config/settings.js';
import { builtInCatalog, type Catalog } from './core/catalog.js';
import { extendCatalog } from './core/catalog-extension.js';
import { longestWaitMs, parseRetrySchedule, type RetrySchedule } from './core/retry-schedule.js';

const DAY_MS = 86_400_000;
/** Time between the last attempt and the day's end after which its event may go. */
const RETENTION_SLACK_DAYS = 1;

/** The built-in catalogue with the operator's own metrics. Throws with every error of the file. */
export function readCatalog(file: string | undefined): Catalog {
  if (file === undefined) return builtInCatalog;
  let additions: unknown;
  try {
    additions = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`CATALOG_FILE cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const extended = extendCatalog(builtInCatalog, additions);
  if (extended.kind === 'invalid') throw new Error(`CATALOG_FILE is not valid:\n  ${extended.errors.join('\n  ')}`);
  return extended.catalog;
}

/**
 * The schedule of retries. Throws when it is none, or when the last attempt could come after the event itself is gone.
 */
export function readRetrySchedule(settings: {
  delivery: Pick<Settings['delivery'], 'retrySchedule'>;
  eventRetentionDays: number;
}): RetrySchedule {
  const parsed = parseRetrySchedule(settings.delivery.retrySchedule);
  if (parsed.kind === 'invalid') throw new Error(`DELIVERY_RETRY_SCHEDULE is not valid: ${parsed.reason}`);
  const neededDays = Math.ceil(longestWaitMs(parsed.schedule) / DAY_MS + RETENTION_SLACK_DAYS);
  if (neededDays > settings.eventRetentionDays) {
    throw new Error(
      `DELIVERY_RETRY_SCHEDULE may take until events are gone that are kept for ${settings.eventRetentionDays} days: ` +
        `shorten it, or set EVENT_RETENTION_DAYS to ${neededDays} or more`,
    );
  }
  return parsed.schedule;
}

/** What the waits of a webhook's own schedule may come to, for its last attempt to find its event. */
export function retryTotalMaxMs({ eventRetentionDays }: Pick<Settings, 'eventRetentionDays'>): number {
  return (eventRetentionDays - RETENTION_SLACK_DAYS) * DAY_MS;
}
