/**
 * Loaded before the product by `--import`: the wall clock of its process is off by as many ms as the file of
 * `TEST_CLOCK_FILE` says, from the moment it says so. Timers and monotonic clocks go on as they do when a real clock is set.
 */
import { readFileSync } from 'node:fs';

const LOOK_MS = 20;
const RealDate = Date;
let offsetMs = 0;

function look() {
  // Empty while it is being written.
  const wantedMs = Number(readFileSync(process.env.TEST_CLOCK_FILE, 'utf8') || offsetMs);
  if (wantedMs === offsetMs) return;
  offsetMs = wantedMs;
  process.stdout.write(`${JSON.stringify({ level: 'info', msg: 'the clock is set', offsetMs })}\n`);
}

function ShiftedDate(...parts) {
  const isNow = parts.length === 0;
  if (!new.target) return new RealDate(RealDate.now() + offsetMs).toString();
  return Reflect.construct(RealDate, isNow ? [RealDate.now() + offsetMs] : parts, new.target);
}
Object.setPrototypeOf(ShiftedDate, RealDate);
ShiftedDate.prototype = RealDate.prototype;
ShiftedDate.prototype.constructor = ShiftedDate;
ShiftedDate.now = () => RealDate.now() + offsetMs;
globalThis.Date = ShiftedDate;

look();
setInterval(look, LOOK_MS).unref();
