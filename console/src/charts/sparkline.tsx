import './charts.css';
import { SPARKLINE, sparklinePaths } from './sparkline-path.js';

/** How numbers went, small enough for a row of a table. `label` says in words what there is to see. */
export function Sparkline({
  values,
  label,
  tone = 'accent',
}: {
  values: readonly number[];
  label: string;
  tone?: 'accent' | 'bad' | 'mute';
}) {
  const { stroke, fill } = sparklinePaths(values);
  return (
    <svg
      className={`sparkline sparkline-${tone}`}
      viewBox={`0 0 ${SPARKLINE.width} ${SPARKLINE.height}`}
      role="img"
      aria-label={label}
    >
      <path className="sparkline-fill" d={fill} />
      <path className="sparkline-stroke" d={stroke} />
    </svg>
  );
}
