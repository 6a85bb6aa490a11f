const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Hours that one bar may stand for: each divides a day, so that bars begin at the same times every day. */
const HOURS_PER_SLOT = [1, 2, 3, 6, 12, 24];

/** What was delivered and what was not, of one hour; the first may be cut. As the API tells it. */
export interface Hour {
  hour: string;
  delivered: number;
  failed: number;
}

/** One bar: one hour, or several where single ones would be too thin to see. */
export interface Slot {
  startMs: number;
  /** Exclusive. */
  endMs: number;
  delivered: number;
  failed: number;
}

/** How many hours one bar stands for where so many bars fit. */
export function hoursPerSlot(hours: number, mostSlots: number): number {
  return HOURS_PER_SLOT.find((each) => hours / each <= mostSlots) ?? 24;
}

/** What one bar stands for, as in "by hour", "by 6 hours", "by day". */
export function slotLengthText(hours: number): string {
  if (hours === 24) return 'day';
  return hours === 1 ? 'hour' : `${hours} hours`;
}

/** The hours up to `untilMs` as bars of which `mostSlots` fit. Slots begin at whole multiples of their length, in UTC. */
export function slotsOf(hours: readonly Hour[], untilMs: number, mostSlots: number): Slot[] {
  const length = hoursPerSlot(hours.length, mostSlots);
  const slots: Slot[] = [];
  let place = -1;
  for (const { hour, delivered, failed } of hours) {
    const startMs = Date.parse(hour);
    const at = Math.floor(startMs / (length * HOUR_MS));
    const last = slots.at(-1);
    if (last !== undefined && at === place) {
      last.delivered += delivered;
      last.failed += failed;
    } else {
      if (last !== undefined) last.endMs = startMs;
      slots.push({ startMs, endMs: untilMs, delivered, failed });
      place = at;
    }
  }
  return slots;
}

/** When a slot was, for a reading label: "14:00–15:00", with the day where the whole range has several. */
export function slotTime({ startMs, endMs }: Pick<Slot, 'startMs' | 'endMs'>, withDay: boolean): string {
  const day = withDay ? `${dayText(startMs)} ` : '';
  // A slot that ends as the day does reads better as 24:00 than as the next day's 00:00.
  const end = endMs % DAY_MS === 0 && endMs - startMs <= DAY_MS ? '24:00' : clockText(endMs);
  return `${day}${clockText(startMs)}–${end}`;
}

/** What is written below the bars: the time, or the day at its beginning. */
export function tickText(startMs: number): string {
  return startMs % DAY_MS === 0 ? dayText(startMs) : clockText(startMs);
}

function clockText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(11, 16);
}

function dayText(timeMs: number): string {
  return new Date(timeMs).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
}
