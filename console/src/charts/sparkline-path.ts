import { scaleLinear } from 'd3-scale';
import { area, curveMonotoneX, line } from 'd3-shape';

/** More points than this are not seen in so small a picture. */
const POINTS_MAX = 32;
/** How large it is drawn, in px. */
export const SPARKLINE = { width: 96, height: 26 };

/** The line of a sparkline and what is below it, as SVG paths; both are empty without numbers. */
export function sparklinePaths(values: readonly number[]): { stroke: string; fill: string } {
  const points = condensed(values);
  if (points.length === 0) return { stroke: '', fill: '' };
  // One number alone is a line from edge to edge.
  const drawn = points.length === 1 ? [points[0]!, points[0]!] : points;
  const x = scaleLinear([0, drawn.length - 1], [1, SPARKLINE.width - 1]);
  const y = scaleLinear([0, Math.max(1, ...drawn)], [SPARKLINE.height - 2, 3]);
  const across = (_: number, at: number) => x(at);
  return {
    stroke: line<number>(across, y).curve(curveMonotoneX)(drawn) ?? '',
    fill: area<number>(across, SPARKLINE.height, y).curve(curveMonotoneX)(drawn) ?? '',
  };
}

/** Sums of as few neighbours as make it short enough. The last point may have fewer. */
export function condensed(values: readonly number[]): number[] {
  const each = Math.max(1, Math.ceil(values.length / POINTS_MAX));
  return Array.from({ length: Math.ceil(values.length / each) }, (_, at) =>
    values.slice(at * each, (at + 1) * each).reduce((sum, value) => sum + value, 0),
  );
}
