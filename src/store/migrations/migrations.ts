import { Initial1790000000000 } from './1790000000000-initial.js';

/** In the order in which they run. Classes, not globs, as with entities. */
export const MIGRATIONS = [Initial1790000000000];
