import type { Schema } from '@tripline/client';
import { useChange } from '../api/queries.js';
import type { Subject } from '../api/resources.js';
import { Button, LinkButton } from '../parts/button.js';
import { CodeBlock } from '../parts/code.js';
import { Dialog } from '../parts/dialog.js';
import { milliseconds } from '../parts/format.js';
import { Notice, ProblemNotice } from '../parts/notice.js';
import { useTripline } from '../session.js';
import { attemptWords, capitalised, failureOf } from './failure-words.js';
import './send-test.css';
import { useDelivery } from './use-delivery.js';

/** Sends a test event to a webhook's or an endpoint's target and shows below the button what came of it. */
export function SendTest({ of }: { of: Subject }) {
  const { can } = useTripline();
  const test = useChange(
    (api, _: void, header) => {
      const request = { params: { path: { id: of.id }, header }, body: {} };
      return of.kind === 'webhook'
        ? api.POST('/v1/webhooks/{id}/test', request)
        : api.POST('/v1/endpoints/{id}/test', request);
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

/** The same where a button alone opens it. */
export function SendTestDialog({ of, onClose }: { of: Subject; onClose: () => void }) {
  return (
    <Dialog title="Send a test" isOpen onClose={onClose} actions={<Button onPress={onClose}>Close</Button>}>
      <p>One signed event that is marked as a test goes to the target at once. It changes no count and no cool-down.</p>
      <SendTest of={of} />
    </Dialog>
  );
}

function TestResult({ tested }: { tested: Schema<'Tested'> }) {
  const { can } = useTripline();
  const { status, statusCode, durationMs, error = null } = tested;
  const answer = { statusCode, error };
  return (
    <Notice
      kind={status === 'delivered' ? 'ok' : 'bad'}
      title={`${capitalised(attemptWords(answer))} in ${milliseconds(durationMs)}`}
      actions={
        <LinkButton kind="quiet" to="/deliveries/$id" params={{ id: tested.deliveryId }}>
          Show the request
        </LinkButton>
      }
    >
      {status === 'delivered' ? (
        <p>The test event arrived. It was signed like any other, and is marked with livemode false.</p>
      ) : (
        <p>{failureOf(answer)?.advice ?? 'The test event did not arrive. It is not sent again by itself.'}</p>
      )}
      {can('events:read') && <TestResponse deliveryId={tested.deliveryId} />}
    </Notice>
  );
}

/** What the target answered, where there is anything. */
function TestResponse({ deliveryId }: { deliveryId: string }) {
  const body = useDelivery(deliveryId).data?.attempts.at(-1)?.responseBody;
  return body ? <CodeBlock label="Response" text={body} /> : null;
}
