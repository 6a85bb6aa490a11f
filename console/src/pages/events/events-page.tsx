import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useWebhooks } from '../../api/resources.js';
import type { LogEvent } from '../../api/resources.js';
import { PauseButton, WaitingRows } from '../../lists/live-bar.js';
import { MoreRows } from '../../lists/more-rows.js';
import { useIsScrolled, useLiveRows } from '../../lists/use-live-rows.js';
import { Loaded } from '../../parts/loaded.js';
import { NotAllowed } from '../../parts/not-allowed.js';
import { Page } from '../../parts/page.js';
import { useTripline } from '../../session.js';
import { webhookNames } from '../../webhook/webhook-name.js';
import { EventFilters } from './event-filters.js';
import { eventQuery } from './event-search.js';
import type { EventSearch } from './event-search.js';
import { EventTable } from './event-table.js';
import './events.css';

/** Firings and every significant change, newest first. */
export function EventsPage() {
  const { can } = useTripline();
  const search = useSearch({ from: '/shell/events' });
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
        <NotAllowed title="This key may not read the event log." scope="events:read" />
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
      <div className="list-bar">
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
