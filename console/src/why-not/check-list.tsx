import { Button, LinkButton } from '../parts/button.js';
import { Icon } from '../parts/icon.js';
import type { IconName } from '../parts/icon.js';
import { ProblemNotice } from '../parts/notice.js';
import { useTripline } from '../session.js';
import { SubscribeOne } from '../vehicle/subscribe-one.js';
import { useWebhookStatus } from '../webhook/use-webhook-status.js';
import type { Check, Mend, Verdict } from './diagnosis.js';

interface About {
  webhookId: string;
  vehicle: string | undefined;
  /** Called when a line leads elsewhere. */
  onLeave: () => void;
}

const SIGNS: Record<Verdict, { icon: IconName; word: string }> = {
  ok: { icon: 'check', word: 'Not the reason' },
  bad: { icon: 'cross', word: 'A reason' },
  unknown: { icon: 'help', word: 'Not known' },
};

/** The lines of a diagnosis, each with a way to mend it. */
export function CheckList({ checks, ...about }: About & { checks: readonly Check[] }) {
  return (
    <ul className="checks">
      {checks.map((check) => (
        <CheckLine key={check.id} check={check} about={about} />
      ))}
    </ul>
  );
}

function CheckLine({ check, about }: { check: Check; about: About }) {
  const { icon, word } = SIGNS[check.verdict];
  return (
    <li className={`check-line ${check.verdict}`}>
      <Icon name={icon} />
      <span className="hidden-text">{word}: </span>
      <div>
        <strong>{check.title}</strong>
        {check.detail && <p className="hint">{check.detail}</p>}
      </div>
      {check.mend && <MendButton mend={check.mend} about={about} />}
    </li>
  );
}

function MendButton({ mend, about }: { mend: Mend; about: About }) {
  const { can } = useTripline();
  const { webhookId, vehicle, onLeave } = about;
  const link = { kind: 'plain' as const, onClick: onLeave };
  const params = { id: webhookId };
  switch (mend.kind) {
    case 'enable':
      return can('webhooks:manage') && <EnableButton webhookId={webhookId} />;
    case 'subscribe':
      return can('webhooks:manage') && vehicle !== undefined && <SubscribeOne webhookId={webhookId} did={vehicle} />;
    case 'subscribe_some':
      return (
        <LinkButton {...link} to="/webhooks/$id/vehicles" params={params}>
          Show vehicles
        </LinkButton>
      );
    case 'edit':
      return (
        can('webhooks:manage') && (
          <LinkButton {...link} to="/webhooks/$id/edit" params={params}>
            Edit webhook
          </LinkButton>
        )
      );
    case 'endpoint':
      return (
        <LinkButton {...link} to="/endpoints/$id" params={{ id: mend.endpointId }}>
          Show endpoint
        </LinkButton>
      );
    case 'deliveries':
      return (
        can('events:read') && (
          <LinkButton {...link} to="/webhooks/$id/deliveries" params={params} search={vehicle ? { vehicle } : {}}>
            Show deliveries
          </LinkButton>
        )
      );
    case 'log':
      return (
        can('events:read') && (
          <LinkButton {...link} to="/events" search={{ type: mend.type }}>
            Show in the log
          </LinkButton>
        )
      );
  }
}

function EnableButton({ webhookId }: { webhookId: string }) {
  const enable = useWebhookStatus(webhookId);
  return (
    <>
      <Button onPress={() => enable.mutate('enabled')} isPending={enable.isPending}>
        Switch on webhook
      </Button>
      {enable.error && <ProblemNotice error={enable.error} />}
    </>
  );
}
