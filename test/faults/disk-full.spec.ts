/**
 * The disk of PostgreSQL, or of the embedded broker, is full for a while: nothing that was acknowledged is lost, and with
 * space everything goes on. The disks are small and in memory: mounting them takes root's rights.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { OwnKafka } from '../support/own-kafka.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { eventually } from '../support/product.js';
import { FaultWorld } from './fault-world.js';

const LAG = 'tripline_consumer_lag_records';
const FILLER = 'filler';

/** A disk of so many MiB. */
class SmallDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'tripline-disk-'));

  constructor(sizeMib: number) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tripline', this.folder]);
    chmodSync(this.folder, 0o755);
  }

  /** Takes all the space that is left. */
  fill(): void {
    const file = join(this.folder, FILLER);
    for (const bytes of [1 << 20, 1 << 12]) {
      const block = Buffer.alloc(bytes);
      expect(() => {
        for (;;) appendFileSync(file, block);
      }).toThrow('ENOSPC');
    }
  }

  free(): void {
    rmSync(join(this.folder, FILLER));
  }

  remove(): void {
    execFileSync('umount', ['--lazy', this.folder]);
    rmSync(this.folder, { recursive: true });
  }
}

describe('a full disk', () => {
  test.concurrent('of PostgreSQL: the lag shows it, and with space each firing arrives once', async () => {
    const disk = new SmallDisk(256);
    const settings = { min_wal_size: '32MB', max_wal_size: '64MB' };
    const postgres = await OwnPostgres.start({ parent: disk.folder, settings });
    const world = await FaultWorld.create({ postgres });
    try {
      disk.fill();
      await eventually(() => refusesRows(world), 'PostgreSQL has no space for rows');
      await world.metric('engine', LAG, (lag) => lag > 100, 60_000);
      expect(postgres.hasEnded).toBe(false);
      disk.free();
      await world.metric('engine', LAG, (lag) => lag <= 20, 60_000);
      await world.allReady();
      await world.firingsArrive(20);
      await world.settle();
    } finally {
      await world.stop();
      disk.remove();
    }
  });

  test.concurrent('of the broker: producers are refused, and what they were promised fires once', async () => {
    const disk = new SmallDisk(2);
    const kafka = await OwnKafka.start({ parent: disk.folder, embedded: true });
    const world = await FaultWorld.create({ kafka });
    try {
      disk.fill();
      await eventually(() => world.load.refusals.length > 10, 'sends are refused', 60_000);
      expect(world.load.refusals.map(({ message }) => message)).toContainEqual(expect.stringContaining('Disk error'));
      expect(kafka.hasEnded).toBe(false);
      await world.metric('engine', LAG, (lag) => lag === 0);
      await world.allReady();
      disk.free();
      await world.firingsArrive(20);
      // What the full disk left behind does not keep it from starting.
      await kafka.restart('SIGKILL');
      await world.allReady(60_000);
      await world.firingsArrive(20);
      await world.settle();
    } finally {
      await world.stop();
      disk.remove();
    }
  });
});

/** Whether a row of a page's size is refused for want of space. */
async function refusesRows(world: FaultWorld): Promise<boolean> {
  try {
    await world.rows('create table if not exists filler (text text)');
    await world.rows(`insert into filler select string_agg(md5(i::text), '') from generate_series(1, 60000) i`);
    return false;
  } catch (error) {
    return (error as { code?: string }).code === '53100';
  }
}
