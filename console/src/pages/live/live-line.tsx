import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import type { ReactNode } from 'react';
import { eventTitle } from '../../api/event-title.js';
import { withUnit } from '../../condition/value-text.js';
import { Did } from '../../parts/code.js';
import { moment, utc } from '../../parts/format.js';
import { Icon } from '../../parts/icon.js';
import { DeliveryStatus, Status } from '../../parts/status.js';
import type { LiveRow } from './live-rows.js';

interface LiveLineProps {
  row: LiveRow;
  /** What its webhook is called; null when it has none. */
  webhook: string | null;
  /** Any time of the day that it is. */
  dayMs: number;
}

/** One thing that happened; it leads to its delivery or event. */
export const LiveLine = memo(function LiveLine({ row, webhook, dayMs }: LiveLineProps) {
  return (
    <li>
      <LineLink row={row}>
        <time className="numbers" dateTime={row.time} title={utc(row.time)}>
          {moment(row.time, dayMs)}
        </time>
        <span>
          <LineStatus row={row} />
        </span>
        <span className="live-webhook">{webhook}</span>
        <span>{row.vehicle !== null && <Did did={row.vehicle} />}</span>
        <span className="live-detail">{detailOf(row)}</span>
      </LineLink>
    </li>
  );
});

function LineLink({ row, children }: { row: LiveRow; children: ReactNode }) {
  if (row.kind === 'delivery') {
    return (
      <Link className="live-line" to="/deliveries/$id" params={{ id: row.deliveryId }} preload={false}>
        {children}
      </Link>
    );
  }
  return (
    <Link className="live-line" to="/events/$id" params={{ id: row.eventId }} preload={false}>
      {children}
    </Link>
  );
}

function LineStatus({ row }: { row: LiveRow }) {
  if (row.kind === 'delivery') return <DeliveryStatus status={row.status} />;
  if (row.kind === 'firing') {
    return (
      <span className="status fired">
        <Icon name="bell" />
        Fired
      </span>
    );
  }
  return (
    <Status kind="mute" icon="info">
      {eventTitle(row.name)}
    </Status>
  );
}

/** What there is to say of it in a few words. */
function detailOf(row: LiveRow): string {
  if (row.kind === 'delivery') {
    const attempt = row.attempts > 1 ? `attempt ${row.attempts}` : '';
    return [row.answer, attempt].filter(Boolean).join(', ');
  }
  if (row.kind === 'event') return '';
  const { value, unit } = row;
  if (typeof value === 'number') return withUnit(value, unit);
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  const { latitude, longitude } = value as { latitude?: unknown; longitude?: unknown };
  const isPlace = typeof latitude === 'number' && typeof longitude === 'number';
  return isPlace ? `${latitude.toFixed(4)}, ${longitude.toFixed(4)}` : '';
}
