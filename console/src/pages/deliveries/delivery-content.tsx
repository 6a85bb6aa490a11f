import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useEndpoint } from '../../api/resources.js';
import type { DeliveryDetail, Endpoint } from '../../api/resources.js';
import { causeOf } from '../../delivery/causes.js';
import { capitalised } from '../../delivery/failure-words.js';
import { Code } from '../../parts/code.js';
import { Copyable } from '../../parts/copy.js';
import { Notice } from '../../parts/notice.js';
import { Facts } from '../../parts/page.js';
import { DeliveryStatus, Status } from '../../parts/status.js';
import { Moment, useNow } from '../../parts/time.js';
import { VehicleFact } from '../../vehicle/vehicle-fact.js';
import { WebhookFact } from '../../webhook/webhook-fact.js';
import { AttemptDetail } from './attempt-detail.js';
import { AttemptTimeline } from './attempt-timeline.js';
import './delivery.css';
import { NextAttempt } from './next-attempt.js';

/** Of the endpoint, whose pauses concern what is pending. */
const REFRESH_MS = 5_000;

/** Everything that is known of a delivery; the same on its page and over the list. */
export function DeliveryContent({ delivery }: { delivery: DeliveryDetail }) {
  const isPending = delivery.status === 'pending';
  const endpoint = useEndpoint(delivery.endpointId, isPending ? { refreshMs: REFRESH_MS } : {}).data;
  const [chosen, setChosen] = useState<number>();
  const { attempts } = delivery;
  const attempt = attempts.find(({ number }) => number === chosen) ?? attempts.at(-1);
  return (
    <>
      <section className="card">
        <Summary delivery={delivery} endpoint={endpoint} />
      </section>
      <WhyNot delivery={delivery} />
      {isPending && <Paused until={endpoint?.pausedUntil} error={endpoint?.lastError} />}
      <section className="card stack">
        <h2>Attempts</h2>
        <AttemptTimeline delivery={delivery} chosen={attempt?.number} onChoose={setChosen} />
      </section>
      <section className="card stack">
        <h2>{attempt ? `Attempt ${attempt.number}` : 'What will be sent'}</h2>
        <AttemptDetail key={attempt?.number} delivery={delivery} attempt={attempt} endpoint={endpoint} />
      </section>
    </>
  );
}

function Summary({ delivery, endpoint }: { delivery: DeliveryDetail; endpoint: Endpoint | undefined }) {
  const facts: [string, ReactNode][] = [
    ['Status', <HowItIs delivery={delivery} />],
    ['Event', <EventFact delivery={delivery} />],
  ];
  if (delivery.webhookId !== null) facts.push(['Webhook', <WebhookFact id={delivery.webhookId} />]);
  facts.push(['Endpoint', <EndpointFact delivery={delivery} endpoint={endpoint} />]);
  if (delivery.vehicle !== null)
    facts.push(['Vehicle', <VehicleFact did={delivery.vehicle} webhookId={delivery.webhookId} />]);
  facts.push(['Event id', <Copyable text={delivery.eventId} name="event id" />]);
  facts.push(['Delivery id', <Copyable text={delivery.id} name="delivery id" />]);
  return <Facts facts={facts} />;
}

function HowItIs({ delivery: { status, deliveredAt, nextAttemptAt, isTest } }: { delivery: DeliveryDetail }) {
  return (
    <span className="line">
      <DeliveryStatus status={status} />
      {isTest && <Status kind="mute">Test</Status>}
      {deliveredAt !== null && <Moment at={deliveredAt} />}
      {nextAttemptAt !== null && (
        <span>
          <NextAttempt at={nextAttemptAt} />
        </span>
      )}
    </span>
  );
}

function EventFact({ delivery: { eventType, eventId, createdAt } }: { delivery: DeliveryDetail }) {
  return (
    <>
      {eventType === null ? (
        'No longer on record'
      ) : (
        <Link to="/events/$id" params={{ id: eventId }}>
          {eventType}
        </Link>
      )}{' '}
      · <Moment at={createdAt} />
    </>
  );
}

function EndpointFact({ delivery, endpoint }: { delivery: DeliveryDetail; endpoint: Endpoint | undefined }) {
  if (endpoint === undefined) return <Code>{delivery.endpointId}</Code>;
  return (
    <Link to="/endpoints/$id" params={{ id: endpoint.id }}>
      {endpoint.url}
    </Link>
  );
}

/** Why it did not arrive, and what to do. */
function WhyNot({ delivery }: { delivery: DeliveryDetail }) {
  const cause = causeOf(delivery);
  if (!cause) return null;
  return (
    <Notice kind={delivery.status === 'failed' ? 'bad' : 'warn'} title={capitalised(cause.words)}>
      {cause.advice}
    </Notice>
  );
}

/** Nothing is sent to an endpoint that asked for a pause, or keeps failing. */
function Paused({ until, error }: { until: string | null | undefined; error: string | null | undefined }) {
  const now = useNow();
  if (!until || Date.parse(until) <= now) return null;
  return (
    <Notice
      kind="warn"
      title={
        <>
          Nothing is sent to this endpoint until <Moment at={until} />
        </>
      }
    >
      It asked for that, or keeps failing{error ? `: ${error}` : '.'} What is pending there waits.
    </Notice>
  );
}
