import { useEffect, useRef } from 'react';
import { BulkOutcome } from '../../bulk/bulk-outcome.js';
import { useSubscribeShared } from '../../bulk/use-bulk-calls.js';
import { SendTest } from '../../delivery/send-test.js';
import { HandshakeList } from '../../endpoint/handshake-list.js';
import { Button, LinkButton } from '../../parts/button.js';
import { plural } from '../../parts/format.js';
import { Notice, ProblemNotice } from '../../parts/notice.js';
import { Card } from '../../parts/page.js';
import { SecretOnce } from '../../secret/secret-once.js';
import { useTripline } from '../../session.js';

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
  const subscribe = useSubscribeShared(id);
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
        </div>
        {subscribe.error && <ProblemNotice error={subscribe.error} />}
        <div role="status">{subscribe.data && <BulkOutcome result={subscribe.data} webhookId={id} />}</div>
        <SendTest of={{ kind: 'webhook', id }} />
      </div>
    </Card>
  );
}
