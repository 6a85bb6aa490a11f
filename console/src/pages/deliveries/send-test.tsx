import { useChange, useData } from '../../api/queries.js';
import type { Schema } from '@tripline/client';
import { Button, LinkButton } from '../../parts/button.js';
import { CodeBlock } from '../../parts/code.js';
import { milliseconds } from '../../parts/format.js';
import { Notice, ProblemNotice } from '../../parts/notice.js';
import { useTripline } from '../../session.js';
import './deliveries.css';
import { capitalised, failureOf } from './failure-words.js';
import type { RecoverySubject } from './recovery.js';

/** Sends a test event to a webhook's or an endpoint's target and shows below the button what came of it. */
export function SendTest({ of }: { of: Pick<RecoverySubject, 'kind' | 'id'> }) {
  const { can } = useTripline();
  const test = useChange(
    async (api, _: void, header) => {
      const request = { params: { path: { id: of.id }, header } };
      return of.kind === 'webhook'
        ? api.POST('/v1/webhooks/{id}/test', { ...request, body: {} })
        : api.POST('/v1/endpoints/{id}/test', { ...request, body: {} });
    },
    { refreshes: [['deliveries'], ['events']] },
  );
  if (!can('webhooks:manage')) return null;
  return (
    <div className="send-test">
      <Button icon="send" isPending={test.isPending} onPress={() => test.mutate()}>
        Send a test
      </Button>
      <div role="status">{!test.isPending && test.data && <TestResult tested={test.data} />}</div>
      {test.error && <ProblemNotice error={test.error} />}
    </div>
  );
}

function TestResult({ tested }: { tested: Schema<'Tested'> }) {
  const { status, statusCode, durationMs, error } = tested;
  const failure = failureOf({ statusCode, error: error ?? null });
  const kind = status === 'delivered' ? 'ok' : 'bad';
  const words = failure?.words ?? `answered ${statusCode}`;
  return (
    <Notice
      kind={kind}
      title={`${capitalised(words)} in ${milliseconds(durationMs)}`}
      actions={
        <LinkButton kind="quiet" to="/deliveries/$id" params={{ id: tested.deliveryId }}>
          Show the request
        </LinkButton>
      }
    >
      {status === 'delivered' ? (
        <p>The test event arrived. It was signed like any other, and is marked with livemode false.</p>
      ) : (
        <p>{failure?.advice ?? 'The test event did not arrive. It is not sent again by itself.'}</p>
      )}
      <TestResponse deliveryId={tested.deliveryId} />
    </Notice>
  );
}

/** What the target answered, where there is anything and the key may read it. */
function TestResponse({ deliveryId }: { deliveryId: string }) {
  const { can } = useTripline();
  const delivery = useData(
    ['deliveries', deliveryId],
    (api, signal) => api.GET('/v1/deliveries/{id}', { params: { path: { id: deliveryId } }, signal }),
    { enabled: can('events:read') },
  );
  const body = delivery.data?.attempts.at(-1)?.responseBody;
  return body ? <CodeBlock label="Response" text={body} /> : null;
}
