/**
 * The disk of PostgreSQL, or of the embedded broker, is full for a while: nothing that was acknowledged is lost, and with
 * space everything goes on. The disks are small and in memory: whoever runs this needs the right to mount, which is
 * root's, and in a container that of CAP_SYS_ADMIN.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { OwnKafka } from '../support/own-kafka.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { eventually } from '../support/product.js';
import { inWorld, type FaultWorld } from './fault-world.js';

const FILLER = 'filler';

/** A disk of so many MiB. */
class SmallDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'tripline-disk-'));

  constructor(sizeMib: number) {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tripline', this.folder], { stdio: 'pipe' });
    } catch (cause) {
      rmSync(this.folder, { recursive: true });
      throw new Error('A small disk cannot be mounted: run this as root, in a container with CAP_SYS_ADMIN', { cause });
    }
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

/** Runs a test with a small disk, which is gone after it. */
const onSmallDisk = (sizeMib: number, happen: (disk: SmallDisk) => Promise<void>) => async (): Promise<void> => {
  const disk = new SmallDisk(sizeMib);
  try {
    await happen(disk);
  } finally {
    disk.remove();
  }
};

describe('a full disk', () => {
  test.concurrent(
    'of PostgreSQL: the lag shows it while all are ready, and with space each firing arrives once',
    onSmallDisk(256, async (disk) => {
      const settings = { min_wal_size: '32MB', max_wal_size: '64MB' };
      const postgres = await OwnPostgres.start({ parent: disk.folder, settings });
      await inWorld(
        async (world) => {
          disk.fill();
          await eventually(() => refusesRows(world), 'PostgreSQL has no space for rows');
          await world.lag((lag) => lag > 100, 60_000);
          // It still answers, and what cannot be stored waits: no restart of ours would give it space.
          await world.allReady();
          expect(postgres.hasEnded).toBe(false);
          disk.free();
          await world.lag((lag) => lag <= 20, 60_000);
          await world.allReady();
          await world.firingsArrive(20);
          await world.settle();
        },
        { postgres },
      )();
    }),
  );

  test.concurrent(
    'of the broker: producers are refused, and what they were promised fires once',
    onSmallDisk(2, async (disk) => {
      const kafka = await OwnKafka.start({ parent: disk.folder, embedded: true });
      await inWorld(
        async (world) => {
          disk.fill();
          await eventually(() => world.load.refusals.length > 10, 'sends are refused', 60_000);
          const refusals = world.load.refusals.map(({ message }) => message);
          expect(refusals).toContainEqual(expect.stringContaining('Disk error'));
          expect(kafka.hasEnded).toBe(false);
          await world.lag((lag) => lag === 0);
          await world.allReady();
          disk.free();
          await world.firingsArrive(20);
          // What the full disk left behind does not keep it from starting.
          await kafka.restart('SIGKILL');
          await world.allReady(60_000);
          await world.firingsArrive(20);
          await world.settle();
        },
        { kafka },
      )();
    }),
  );
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
