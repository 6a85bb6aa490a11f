import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { end, endOf } from './child-process.js';
import type { Reader } from './reader.js';

/** The process of the bare loop, see `floor/kafka-loop.ts`. */
export class KafkaLoop implements Reader {
  readonly ended: Promise<never>;
  private readonly child: ChildProcess;

  constructor(brokers: string, topic: string) {
    const group = `floor-${randomBytes(4).toString('hex')}`;
    this.child = fork(fileURLToPath(new URL('./floor/kafka-loop.js', import.meta.url)), [brokers, topic, group]);
    this.ended = endOf(this.child);
    this.ended.catch(() => undefined); // It does, in the end.
  }

  async read(): Promise<number> {
    this.child.send('how many?');
    const [{ records }] = (await once(this.child, 'message')) as [{ records: number }];
    return records;
  }

  stop(): Promise<void> {
    return end(this.child);
  }
}
