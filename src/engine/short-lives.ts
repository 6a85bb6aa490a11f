import { setFlagsFromString } from 'node:v8';

/**
 * Tells V8, for the whole process, to make all objects among the young ones. From what becomes of a few it learns which
 * lines make objects that last, and then makes those of these lines among the old. What it sees of an engine is that
 * whole plans outlast a wait for states, when vehicles are new to it; from then on it made every plan of every chunk, a
 * quarter of all that is allocated, where collecting is dear: five times the time for each collection of the young.
 */
export function expectShortLives(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
