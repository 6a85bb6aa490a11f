import { roundSteps } from './round-steps.js';
import { tickText } from './time-slots.js';
import type { Slot } from './time-slots.js';

const HOUR_MS = 3_600_000;
/** Room for the numbers on the left and the times below, in px. */
const LEFT = 36;
const BOTTOM = 22;
const TOP = 8;
/** A thinner bar, with its gap, cannot be told from its neighbour. */
const SLOT_WIDTH_MIN = 7;
/** Two times below the bars need so much between their middles. */
const LABEL_SPACE = 58;
/** What was not delivered is seen even where it is one of thousands. */
const FAILED_HEIGHT_MIN = 3;
const LABEL_HOURS = [1, 2, 3, 6, 12, 24, 48, 120, 240];

/** One bar in px from the top left. Delivered stands below, with a gap of 1 px to what was not. */
export interface Bar {
  x: number;
  width: number;
  delivered: { y: number; height: number };
  failed: { y: number; height: number };
}

/** Where everything of a chart goes, in px. */
export interface Geometry {
  bars: Bar[];
  lines: { y: number; value: number }[];
  labels: { x: number; text: string }[];
  left: number;
  slotWidth: number;
}

/** How many bars fit into a chart of this width. */
export function slotsThatFit(width: number): number {
  return Math.max(1, Math.floor((width - LEFT) / SLOT_WIDTH_MIN));
}

/** Lays out stacked bars. The scale ends at a round number, at 4 at least, so that one firing does not look like many. */
export function geometryOf(slots: readonly Slot[], { width, height }: { width: number; height: number }): Geometry {
  const slotWidth = (width - LEFT) / Math.max(1, slots.length);
  const barWidth = Math.max(2, slotWidth * 0.68);
  const base = height - BOTTOM;
  const most = Math.max(4, ...slots.map(({ delivered, failed }) => delivered + failed));
  const { end, marks } = roundSteps(most);
  const y = (value: number) => base - (value / end) * (base - TOP);
  const x = (at: number) => LEFT + at * slotWidth + (slotWidth - barWidth) / 2;
  const bars = slots.map(({ delivered, failed }, at): Bar => {
    const top = y(delivered);
    const gap = delivered > 0 ? 1 : 0;
    const failedHeight = failed === 0 ? 0 : Math.max(FAILED_HEIGHT_MIN, base - y(failed) - gap);
    return {
      x: x(at),
      width: barWidth,
      delivered: { y: top, height: base - top },
      failed: { y: top - gap - failedHeight, height: failedHeight },
    };
  });
  const lines = marks.map((value) => ({ y: y(value), value }));
  return { bars, lines, labels: labelsOf(slots, { width, slotWidth }), left: LEFT, slotWidth };
}

/** As many times as there is room for, all at whole multiples of the same number of hours. None is cut off at an edge. */
function labelsOf(slots: readonly Slot[], { width, slotWidth }: { width: number; slotWidth: number }) {
  const [first, last] = [slots[0], slots.at(-1)];
  if (first === undefined || last === undefined) return [];
  const hours = (last.endMs - first.startMs) / HOUR_MS;
  const every = LABEL_HOURS.find((each) => (hours / each) * LABEL_SPACE <= width - LEFT) ?? LABEL_HOURS.at(-1)!;
  return slots
    .map(({ startMs }, at) => ({ startMs, x: LEFT + (at + 0.5) * slotWidth }))
    .filter(({ startMs, x }) => startMs % (every * HOUR_MS) === 0 && x <= width - LABEL_SPACE / 3)
    .map(({ startMs, x }) => ({ x, text: tickText(startMs) }));
}

/**
 * Where the label of a bar stands: beside it towards the middle, since one that is always to the right is cut off at the
 * right edge. `maxWidth` is what there is up to the edge.
 */
export function readingPlace({ bars }: Geometry, at: number, width: number) {
  const { x, width: barWidth } = bars[at]!;
  const middle = x + barWidth / 2;
  return middle < width / 2
    ? { left: x, maxWidth: width - x }
    : { right: width - x - barWidth, maxWidth: x + barWidth };
}

/** Which bar is at `x`; null beside all of them. */
export function barAt({ bars, left, slotWidth }: Geometry, x: number): number | null {
  const at = Math.floor((x - left) / slotWidth);
  return at >= 0 && at < bars.length ? at : null;
}

/**
 * Which of `count` bars is read after a key: null for none any more, undefined for a key that means nothing here.
 * Whoever begins with the left arrow begins at the end: what is latest matters most.
 */
export function barAfterKey(key: string, at: number | null, count: number): number | null | undefined {
  switch (key) {
    case 'ArrowLeft':
      return at === null ? count - 1 : Math.max(0, at - 1);
    case 'ArrowRight':
      return at === null ? 0 : Math.min(count - 1, at + 1);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    case 'Escape':
      return at === null ? undefined : null;
    default:
      return undefined;
  }
}
