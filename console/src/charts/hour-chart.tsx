import { useId, useState } from 'react';
import type { KeyboardEvent, PointerEvent } from 'react';
import { number } from '../parts/format.js';
import './charts.css';
import { barAfterKey, barAt, geometryOf, readingPlace, slotsThatFit } from './hour-geometry.js';
import type { Geometry } from './hour-geometry.js';
import { hoursPerSlot, slotLengthText, slotsOf, slotTime } from './time-slots.js';
import type { Hour, Slot } from './time-slots.js';
import { useWidth } from './use-width.js';

const HEIGHT = 168;

/**
 * What was delivered and what was not, as stacked bars by hour, or by several where hours are too many for the width.
 * Arrow keys read the bars one by one; who would rather have the numbers finds them below, as a table. Times are UTC.
 */
export function HourChart({ what, hours, until }: { what: string; hours: readonly Hour[]; until: string }) {
  const [plot, width] = useWidth<HTMLDivElement>();
  const most = slotsThatFit(width);
  const slots = slotsOf(hours, Date.parse(until), most);
  const title = `${what} by ${slotLengthText(hoursPerSlot(hours.length, most))} (UTC)`;
  return (
    <figure className="chart">
      <figcaption className="chart-caption">
        <strong>{title}</strong>
        <Legend hours={hours} />
      </figcaption>
      <div ref={plot}>
        <Plot key={slots.length} title={title} slots={slots} width={width} />
      </div>
      <NumbersTable title={title} slots={slots} />
    </figure>
  );
}

function Legend({ hours }: { hours: readonly Hour[] }) {
  const delivered = hours.reduce((sum, hour) => sum + hour.delivered, 0);
  const failed = hours.reduce((sum, hour) => sum + hour.failed, 0);
  return (
    <span className="chart-legend">
      <span>
        <i className="chart-swatch chart-swatch-ok" aria-hidden="true" />
        delivered <b>{number(delivered)}</b>
      </span>
      <span>
        <i className="chart-swatch chart-swatch-bad" aria-hidden="true" />
        not delivered <b>{number(failed)}</b>
      </span>
    </span>
  );
}

/** A slider is what a reader knows how to walk along: it speaks each bar's text by itself. */
function Plot({ title, slots, width }: { title: string; slots: readonly Slot[]; width: number }) {
  const [at, setAt] = useState<number | null>(null);
  const geometry = geometryOf(slots, { width, height: HEIGHT });
  const read = at === null ? undefined : slots[at];
  const onKeyDown = (event: KeyboardEvent) => {
    const next = barAfterKey(event.key, at, slots.length);
    if (next === undefined || slots.length === 0) return;
    event.preventDefault();
    setAt(next);
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    setAt(barAt(geometry, event.clientX - event.currentTarget.getBoundingClientRect().left));
  };
  return (
    <div
      className="chart-plot"
      role="slider"
      tabIndex={0}
      aria-label={`${title}, read bar by bar`}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, slots.length - 1)}
      aria-valuenow={at ?? Math.max(0, slots.length - 1)}
      aria-valuetext={read === undefined ? 'Left and right arrow read the bars' : slotText(read, slots)}
      onKeyDown={onKeyDown}
      onPointerMove={onPointerMove}
      onPointerDown={onPointerMove}
      onPointerLeave={() => setAt(null)}
      onBlur={() => setAt(null)}
    >
      <Bars geometry={geometry} width={width} at={at} />
      {read !== undefined && at !== null && (
        <p className="chart-reading" style={readingPlace(geometry, at, width)} aria-hidden="true">
          {slotText(read, slots)}
        </p>
      )}
    </div>
  );
}

function Bars({ geometry, width, at }: { geometry: Geometry; width: number; at: number | null }) {
  const stripes = useId();
  return (
    <svg width={width} height={HEIGHT} aria-hidden="true">
      <defs>
        <pattern id={stripes} width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect className="chart-bad" width="4" height="4" />
          <rect className="chart-stripe" width="1.2" height="4" />
        </pattern>
      </defs>
      {geometry.lines.map(({ y, value }) => (
        <g key={value}>
          <line className="chart-line" x1={geometry.left} x2={width} y1={y} y2={y} />
          <text x={geometry.left - 8} y={y + 4} textAnchor="end">
            {shortNumber(value)}
          </text>
        </g>
      ))}
      {geometry.bars.map(({ x, width: barWidth, delivered, failed }, place) => (
        <g key={place} className="chart-bar" data-aside={at !== null && at !== place}>
          <rect className="chart-ok" x={x} width={barWidth} {...delivered} rx="1.5" />
          <rect fill={`url(#${stripes})`} x={x} width={barWidth} {...failed} rx="1.5" />
        </g>
      ))}
      {geometry.labels.map(({ x, text }) => (
        <text key={x} x={x} y={HEIGHT - 5} textAnchor="middle">
          {text}
        </text>
      ))}
    </svg>
  );
}

function NumbersTable({ title, slots }: { title: string; slots: readonly Slot[] }) {
  return (
    <details className="more chart-numbers">
      <summary>Numbers as a table</summary>
      <div className="chart-scroll" tabIndex={0} role="group" aria-label={`${title}: numbers`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Time, UTC</th>
              <th scope="col">Delivered</th>
              <th scope="col">Not delivered</th>
            </tr>
          </thead>
          <tbody>
            {slots.map((slot) => (
              <tr key={slot.startMs}>
                <th scope="row">{slotTime(slot, true)}</th>
                <td>{number(slot.delivered)}</td>
                <td>{number(slot.failed)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function slotText(slot: Slot, slots: readonly Slot[]): string {
  const withDay = slots.at(-1)!.endMs - slots[0]!.startMs > 25 * 3_600_000;
  const rest = slot.failed === 0 ? '' : `, ${number(slot.failed)} not`;
  return `${slotTime(slot, withDay)}: ${number(slot.delivered)} delivered${rest}`;
}

/** Beside a line there is room for four characters. */
function shortNumber(value: number): string {
  return value.toLocaleString('en-US', { notation: 'compact', maximumFractionDigits: 1 });
}
