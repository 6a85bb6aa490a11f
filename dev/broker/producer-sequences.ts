import { ErrorCode } from './error-code.js';
import type { BatchHeader } from './record-batch.js';

/** As many batches as a producer may have in flight, and so may send again (Kafka's own number). */
const REMEMBERED_BATCHES = 5;
const MAX_PRODUCERS = 10_000;
const SEQUENCE_MODULUS = 2 ** 31;

interface Producer {
  readonly epoch: number;
  readonly batches: { firstSequence: number; lastSequence: number; baseOffset: number }[];
}

export type SequenceCheck =
  { kind: 'next' } | { kind: 'duplicate'; baseOffset: number } | { kind: 'refused'; error: number };

/**
 * Recognises what idempotent producers send twice to one partition.
 *
 * A producer numbers its records per partition. The next batch must continue the numbers; one of the last five batches
 * may come again and is then answered with its first offset; anything else is refused. An unknown producer may begin
 * anywhere, because retention may have forgotten it.
 */
export class ProducerSequences {
  readonly #producers = new Map<number, Producer>();

  check(header: BatchHeader): SequenceCheck {
    const producer = this.#producers.get(header.producerId);
    if (header.producerId < 0 || producer === undefined) return { kind: 'next' };
    if (header.producerEpoch < producer.epoch) return refused(ErrorCode.invalidProducerEpoch);
    if (header.producerEpoch > producer.epoch) {
      return header.baseSequence === 0 ? { kind: 'next' } : refused(ErrorCode.outOfOrderSequenceNumber);
    }
    const again = producer.batches.find((batch) => batch.firstSequence === header.baseSequence);
    if (again && again.lastSequence === lastSequence(header))
      return { kind: 'duplicate', baseOffset: again.baseOffset };
    const last = producer.batches.at(-1);
    if (last === undefined || header.baseSequence === (last.lastSequence + 1) % SEQUENCE_MODULUS)
      return { kind: 'next' };
    const isOld = header.baseSequence <= last.lastSequence;
    return refused(isOld ? ErrorCode.duplicateSequenceNumber : ErrorCode.outOfOrderSequenceNumber);
  }

  /** Remembers a batch that was appended at `baseOffset`, or was found there at start. */
  remember(header: BatchHeader, baseOffset: number): void {
    if (header.producerId < 0) return;
    const known = this.#producers.get(header.producerId);
    const producer = known?.epoch === header.producerEpoch ? known : { epoch: header.producerEpoch, batches: [] };
    producer.batches.push({ firstSequence: header.baseSequence, lastSequence: lastSequence(header), baseOffset });
    if (producer.batches.length > REMEMBERED_BATCHES) producer.batches.shift();
    this.#producers.delete(header.producerId); // Set again at the end: the first is the one unused for longest.
    this.#producers.set(header.producerId, producer);
    this.#forgetOldest();
  }

  /** Forgets everything, for a log that lost its tail. */
  clear(): void {
    this.#producers.clear();
  }

  #forgetOldest(): void {
    if (this.#producers.size <= MAX_PRODUCERS) return;
    for (const oldest of this.#producers.keys()) {
      this.#producers.delete(oldest);
      return;
    }
  }
}

function lastSequence(header: BatchHeader): number {
  return (header.baseSequence + header.recordCount - 1) % SEQUENCE_MODULUS;
}

function refused(error: number): SequenceCheck {
  return { kind: 'refused', error };
}
