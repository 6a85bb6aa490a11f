import { useEffect, useRef } from 'react';
import { useChange } from '../../api/queries.js';
import { Button, LinkButton } from '../../parts/button.js';
import { plural } from '../../parts/format.js';
import { Notice, ProblemNotice } from '../../parts/notice.js';
import { Card } from '../../parts/page.js';
import { SecretOnce } from '../../parts/secret-once.js';
import { useTripline } from '../../session.js';
import { HandshakeList } from './handshake-list.js';

/** A webhook that was just made or sent elsewhere. */
export interface Made {
  id: string;
  /** Shown this once; none at a shared endpoint, which has its own. */
  secret?: string | undefined;
  warnings: readonly string[];
  /** Whether its target had to prove itself. */
  wasProven: boolean;
  /** Whether vehicles join by themselves. */
  isWatching?: boolean;
}

/** What comes after a webhook was made: its secret, and the next steps. */
export function WebhookMade({ made }: { made: Made }) {
  const heading = useRef<HTMLDivElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div className="stack" ref={heading} tabIndex={-1}>
      <Notice kind="ok" title="The webhook is there." isSpoken>
        {made.wasProven && <HandshakeList how={{ kind: 'proven' }} />}
      </Notice>
      <Warnings warnings={made.warnings} />
      <NextSteps made={made} />
      {made.secret !== undefined && <SecretOnce secret={made.secret} />}
    </div>
  );
}

/** What the API accepted, and remarks on. */
export function Warnings({ warnings }: { warnings: readonly string[] }) {
  return warnings.map((warning) => <Notice key={warning} kind="warn" title={warning} />);
}

function NextSteps({ made: { id, isWatching = false, secret } }: { made: Made }) {
  const { demo } = useTripline();
  const params = { id };
  const subscribe = useChange(
    (api, _: void, header) => api.POST('/v1/webhooks/{id}/subscribe/all', { params: { path: { id }, header } }),
    { refreshes: [['webhooks'], ['overview']] },
  );
  const all = demo ? `all ${plural(demo.vehicles.length, 'vehicle')}` : 'all vehicles';
  return (
    <Card title="Next">
      <div className="stack">
        <p>
          {isWatching
            ? 'Vehicles that are shared with your license join by themselves. '
            : 'It fires for vehicles that are subscribed to it. '}
          {secret !== undefined && 'Copy the secret below before you go on.'}
        </p>
        <div className="line">
          {!isWatching && (
            <Button kind="primary" icon="car" onPress={() => subscribe.mutate()} isPending={subscribe.isPending}>
              {`Subscribe ${all}`}
            </Button>
          )}
          <LinkButton to="/webhooks/$id/vehicles" params={params}>
            {isWatching ? 'Show vehicles' : 'Choose vehicles'}
          </LinkButton>
          <LinkButton to="/live" search={{ webhook: id }} icon="live">
            Watch live
          </LinkButton>
          <SendTest id={id} />
        </div>
        {subscribe.error && <ProblemNotice error={subscribe.error} />}
        {subscribe.data && <SubscribeAnswer answer={subscribe.data} />}
      </div>
    </Card>
  );
}

type Answer = { message: string; subscribed?: number; operationId?: string };

function SubscribeAnswer({ answer }: { answer: Answer }) {
  const { operationId, subscribed = 0, message } = answer;
  if (operationId !== undefined) {
    return (
      <Notice
        kind="info"
        isSpoken
        title="This takes longer, and goes on by itself."
        actions={
          <LinkButton to="/operations/$id" params={{ id: operationId }}>
            Show how far it is
          </LinkButton>
        }
      />
    );
  }
  return (
    <Notice kind={subscribed > 0 ? 'ok' : 'info'} isSpoken title={`${plural(subscribed, 'vehicle')} subscribed.`}>
      {subscribed === 0 && `${message}. Vehicles have to be shared with your license first.`}
    </Notice>
  );
}

function SendTest({ id }: { id: string }) {
  const test = useChange(
    (api, _: void, header) => api.POST('/v1/webhooks/{id}/test', { params: { path: { id }, header }, body: {} }),
    { refreshes: [['deliveries'], ['webhooks', id]] },
  );
  return (
    <>
      <Button icon="send" onPress={() => test.mutate()} isPending={test.isPending}>
        Send a test
      </Button>
      {test.error && <ProblemNotice error={test.error} />}
      {test.data && (
        <Notice
          kind={test.data.status === 'delivered' ? 'ok' : 'bad'}
          isSpoken
          title={
            test.data.status === 'delivered'
              ? `The test arrived: answered ${test.data.statusCode} in ${test.data.durationMs} ms.`
              : 'The test did not arrive.'
          }
          actions={
            <LinkButton to="/deliveries/$id" params={{ id: test.data.deliveryId }}>
              Look at the delivery
            </LinkButton>
          }
        >
          {test.data.error}
        </Notice>
      )}
    </>
  );
}
