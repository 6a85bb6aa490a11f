import { Initial1790000000000 } from './1790000000000-initial.js';
import { Deliveries1790100000000 } from './1790100000000-deliveries.js';
import { Guarantees1790200000000 } from './1790200000000-guarantees.js';
import { Access1790300000000 } from './1790300000000-access.js';
import { Settling1790400000000 } from './1790400000000-settling.js';

/** In the order in which they run. Classes, not globs, as with entities. */
export const MIGRATIONS = [
  Initial1790000000000,
  Deliveries1790100000000,
  Guarantees1790200000000,
  Access1790300000000,
  Settling1790400000000,
];
