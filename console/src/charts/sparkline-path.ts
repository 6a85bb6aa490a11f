import { area, curveMonotoneX, line } from 'd3-shape';

/** More points than this are not seen in so small a picture. */
const POINTS_MAX = 32;
/** How large it is drawn, in px. */
export const SPARKLINE = { width: 96, height: 26 };
/** Of the line, so that its whole breadth is seen. */
const LOWEST = SPARKLINE.height - 2;
const HIGHEST = 3;

/** The line of a sparkline and what is below it, as SVG paths; both are empty without numbers. */
export function sparklinePaths(values: readonly number[]): { stroke: string; fill: string } {
  const points = condensed(values);
  if (points.length === 0) return { stroke: '', fill: '' };
  // One number alone is a line from edge to edge.
  const drawn = points.length === 1 ? [points[0]!, points[0]!] : points;
  const most = Math.max(1, ...drawn);
  const x = (_: number, at: number) => 1 + (at / (drawn.length - 1)) * (SPARKLINE.width - 2);
  const y = (value: number) => LOWEST - (value / most) * (LOWEST - HIGHEST);
  return {
    stroke: line<number>(x, y).curve(curveMonotoneX)(drawn) ?? '',
    fill: area<number>(x, SPARKLINE.height, y).curve(curveMonotoneX)(drawn) ?? '',
  };
}

/** Sums of as few neighbours as make it short enough. The last point may have fewer. */
export function condensed(values: readonly number[]): number[] {
  const each = Math.max(1, Math.ceil(values.length / POINTS_MAX));
  return Array.from({ length: Math.ceil(values.length / each) }, (_, at) =>
    values.slice(at * each, (at + 1) * each).reduce((sum, value) => sum + value, 0),
  );
}
