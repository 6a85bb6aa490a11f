import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useWebhooks } from '../../api/resources.js';
import type { LogEvent } from '../../api/resources.js';
import { Loaded } from '../../parts/loaded.js';
import { Notice } from '../../parts/notice.js';
import { Page } from '../../parts/page.js';
import { useTripline } from '../../session.js';
import '../deliveries/deliveries.css';
import { PauseButton, WaitingRows } from '../deliveries/live-bar.js';
import { MoreRows } from '../deliveries/more-rows.js';
import { useIsScrolled, useLiveRows } from '../deliveries/use-live-rows.js';
import { webhookNames } from '../deliveries/webhook-names.js';
import { EventFilters } from './event-filters.js';
import { eventQuery, readEventSearch } from './event-search.js';
import type { EventSearch } from './event-search.js';
import { EventTable } from './event-table.js';
import './events.css';

/** Firings and every significant change, newest first. */
export function EventsPage() {
  const { can } = useTripline();
  const search = readEventSearch(useSearch({ strict: false }));
  const navigate = useNavigate();
  const onChange = (next: EventSearch): void => {
    void navigate({ to: '.', search: next, replace: true, resetScroll: false });
  };
  return (
    <Page title="Event log" intro="What happened: firings, and every change with who made it. Newest first.">
      {can('events:read') ? (
        <>
          <EventFilters search={search} onChange={onChange} />
          <EventList key={JSON.stringify(search)} search={search} onChange={onChange} />
        </>
      ) : (
        <Notice kind="info" title="This key may not read the event log">
          It lacks the scope events:read. Sign in with a key that has it.
        </Notice>
      )}
    </Page>
  );
}

interface EventListProps {
  search: EventSearch;
  onChange: (search: EventSearch) => void;
}

function EventList({ search, onChange }: EventListProps) {
  const [isPaused, setPaused] = useState(false);
  const isScrolled = useIsScrolled();
  const names = webhookNames(useWebhooks().data);
  const list = useLiveRows<LogEvent>(
    ['events', search],
    (api, limit, signal) =>
      api.GET('/v1/events', { params: { query: { ...eventQuery(search, Date.now()), limit } }, signal }),
    { isHeld: isPaused || isScrolled },
  );
  return (
    <section className="card flush" aria-labelledby="events-list">
      <h2 className="hidden-text" id="events-list">
        Entries
      </h2>
      <div className="list-bar end">
        <PauseButton isPaused={isPaused} onChange={setPaused} />
      </div>
      <WaitingRows count={list.waitingCount} onShow={list.showWaiting} />
      <Loaded query={{ data: list.rows, error: list.error, refetch: list.refetch }} height={400}>
        {(rows) => (
          <>
            <EventTable rows={rows} names={names} search={search} onChange={onChange} />
            <MoreRows list={list} onOlder={() => onChange({ ...search, until: rows.at(-1)?.time })} />
          </>
        )}
      </Loaded>
    </section>
  );
}
