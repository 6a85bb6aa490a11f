import type { QuotaName } from '../core/quota.js';
import { inChange } from './change.js';
import type { Database } from './database.js';

/** What licenses find in their event log about limits that they reached. */
export class QuotaNotices {
  constructor(private readonly database: Database) {}

  /** Puts `quota.exceeded` on record; for whoever met the first refusal of a minute. */
  exceeded(license: string, limit: QuotaName, most: number): Promise<void> {
    return inChange(this.database, undefined, (change) => {
      change.describe({ type: 'quota.exceeded', license, details: { limit, most } });
      return Promise.resolve();
    });
  }
}
