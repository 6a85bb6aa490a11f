import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useData } from '../../api/queries.js';
import { useWebhooks } from '../../api/resources.js';
import type { LogEvent } from '../../api/resources.js';
import { Code, CodeBlock, Did } from '../../parts/code.js';
import { CopyButton } from '../../parts/copy.js';
import { Loaded } from '../../parts/loaded.js';
import { Card, Facts, Page } from '../../parts/page.js';
import { Moment } from '../../parts/time.js';
import '../deliveries/deliveries.css';
import '../deliveries/delivery.css';
import { pretty } from '../deliveries/pretty.js';
import { EventDeliveries } from './event-deliveries.js';
import { eventDetail, eventTitle, operationOf, whoDid } from './event-words.js';
import './events.css';
import { useKeyNames } from './use-key-names.js';

/** One entry of the event log: all that it says, and what was sent because of it. */
export function EventPage() {
  const id = useParams({ strict: false }).id ?? '';
  const query = useData<LogEvent>(['events', id], (api, signal) =>
    api.GET('/v1/events/{id}', { params: { path: { id } }, signal }),
  );
  return (
    <Page title={query.data ? eventTitle(query.data) : 'Event'} crumbs={[{ text: 'Event log', to: '/events' }]}>
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
  const description = useDescription(event.type);
  const detail = eventDetail(event);
  const operation = operationOf(event);
  const facts: [string, ReactNode][] = [
    ['Type', <TypeFact key="type" type={event.type} description={description} />],
    ['Time', <Moment key="time" at={event.time} />],
    ['Who', whoDid(event, keyNames)],
  ];
  if (detail !== undefined) facts.splice(1, 0, ['What', detail]);
  if (event.requestId !== undefined)
    facts.push(['Request id', <Copied key="r" text={event.requestId} name="request id" />]);
  if (event.webhookId !== undefined) facts.push(['Webhook', <WebhookFact key="w" id={event.webhookId} />]);
  if (event.vehicle !== undefined) facts.push(['Vehicle', <VehicleFact key="v" event={event} did={event.vehicle} />]);
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
  facts.push(['Event id', <Copied key="i" text={event.id} name="event id" />]);
  return <Facts facts={facts} />;
}

function useDescription(type: string): string | undefined {
  const types = useData(['event-types'], (api, signal) => api.GET('/v1/event-types', { signal })).data;
  return types?.data.find((known) => known.type === type)?.description;
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

function Copied({ text, name }: { text: string; name: string }) {
  return (
    <span className="identified">
      <Code>{text}</Code>
      <CopyButton text={text} label={`Copy the ${name}`} />
    </span>
  );
}

function WebhookFact({ id }: { id: string }) {
  const webhook = useWebhooks().data?.find((known) => known.id === id);
  if (!webhook) return <Code>{id}</Code>;
  return (
    <Link to="/webhooks/$id" params={{ id }}>
      {webhook.displayName || webhook.metricName}
    </Link>
  );
}

function VehicleFact({ event, did }: { event: LogEvent; did: string }) {
  return (
    <span className="identified">
      <span>
        {event.webhookId === undefined ? (
          <Did did={did} />
        ) : (
          <Link to="/webhooks/$id/vehicles" params={{ id: event.webhookId }} search={{ search: did }}>
            <Did did={did} />
          </Link>
        )}{' '}
        <small>{did}</small>
      </span>
      <CopyButton text={did} label="Copy the vehicle" />
    </span>
  );
}
