import { setFlagsFromString } from 'node:v8';

/**
 * Tells V8, for the whole process, to make all objects among the young ones. From what becomes of a few it learns which
 * lines make objects that last, and then makes those of these lines among the old. Traced on an engine, it did so with the
 * plans of chunks, which live for milliseconds (some outlast a wait for states, which is probably what it learnt from):
 * each collection of the young took five times as long, and the heap grew with it.
 */
export function expectShortLives(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
