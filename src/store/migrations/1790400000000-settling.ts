import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SETTLE_DELIVERIES_FUNCTION } from '../sql/settle-deliveries.js';

/** Outcomes are written by a function that leaves out what nothing in a batch needs. It only adds: the one before stays. */
export class Settling1790400000000 implements MigrationInterface {
  readonly name = 'Settling1790400000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SETTLE_DELIVERIES_FUNCTION);
  }

  /** Processes that run may call it: restore a backup instead. */
  down(): Promise<void> {
    return Promise.reject(new Error('this migration cannot be taken back; restore a backup instead'));
  }
}
