import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { eventTitle } from '../../api/event-title.js';
import { useData } from '../../api/queries.js';
import type { LogEvent } from '../../api/resources.js';
import { pretty } from '../../delivery/pretty.js';
import { Code, CodeBlock } from '../../parts/code.js';
import { Copyable } from '../../parts/copy.js';
import { Loaded } from '../../parts/loaded.js';
import { Card, Facts, Page } from '../../parts/page.js';
import { Moment } from '../../parts/time.js';
import { VehicleFact } from '../../vehicle/vehicle-fact.js';
import { WebhookFact } from '../../webhook/webhook-fact.js';
import { EventDeliveries } from './event-deliveries.js';
import { eventDetail, operationOf, whoDid } from './event-words.js';
import './events.css';
import { useEventTypes } from './use-event-types.js';
import { useKeyNames } from './use-key-names.js';

/** One entry of the event log: all that it says, and what was sent because of it. */
export function EventPage() {
  const { id } = useParams({ from: '/shell/events/$id' });
  const query = useData<LogEvent>(['events', id], (api, signal) =>
    api.GET('/v1/events/{id}', { params: { path: { id } }, signal }),
  );
  return (
    <Page title={query.data ? eventTitle(query.data.type) : 'Event'} crumbs={[{ text: 'Event log', to: '/events' }]}>
      <Loaded query={query} height={400}>
        {(event) => (
          <>
            <Card>
              <EventFacts event={event} />
            </Card>
            <EventDeliveries event={event} />
            <Card>
              <CodeBlock label={event.type === 'trigger.fired' ? 'CloudEvent' : 'Details'} text={pretty(event.data)} />
            </Card>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function EventFacts({ event }: { event: LogEvent }) {
  const keyNames = useKeyNames();
  const description = useEventTypes().find(({ type }) => type === event.type)?.description;
  const detail = eventDetail(event);
  const operation = operationOf(event);
  const facts: [string, ReactNode][] = [
    ['Type', <TypeFact key="type" type={event.type} description={description} />],
    ['Time', <Moment key="time" at={event.time} />],
    ['Who', whoDid(event, keyNames)],
  ];
  if (detail !== undefined) facts.splice(1, 0, ['What', detail]);
  if (event.requestId !== undefined) {
    facts.push(['Request id', <Copyable key="r" text={event.requestId} name="request id" />]);
  }
  if (event.webhookId !== undefined) facts.push(['Webhook', <WebhookFact key="w" id={event.webhookId} />]);
  if (event.vehicle !== undefined)
    facts.push(['Vehicle', <VehicleFact key="v" did={event.vehicle} webhookId={event.webhookId} />]);
  if (event.endpointId !== undefined) {
    facts.push([
      'Endpoint',
      <Link key="e" to="/endpoints/$id" params={{ id: event.endpointId }}>
        <Code>{event.endpointId}</Code>
      </Link>,
    ]);
  }
  if (operation !== undefined) {
    facts.push([
      'Operation',
      <Link key="o" to="/operations/$id" params={{ id: operation }}>
        <Code>{operation}</Code>
      </Link>,
    ]);
  }
  facts.push(['Event id', <Copyable key="i" text={event.id} name="event id" />]);
  return <Facts facts={facts} />;
}

function TypeFact({ type, description }: { type: string; description: string | undefined }) {
  return (
    <>
      <Link to="/events" search={{ type }}>
        {type}
      </Link>
      {description !== undefined && <small> {description}</small>}
    </>
  );
}
