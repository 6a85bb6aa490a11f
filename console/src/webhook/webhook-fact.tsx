import { Link } from '@tanstack/react-router';
import { useWebhooks } from '../api/resources.js';
import { webhookName, webhookNames } from './webhook-name.js';

/** A webhook among facts, which leads to it as long as it is there. */
export function WebhookFact({ id }: { id: string }) {
  const names = webhookNames(useWebhooks().data);
  const name = webhookName(id, names);
  if (!names?.has(id)) return <span title={id}>{name}</span>;
  return (
    <Link to="/webhooks/$id" params={{ id }}>
      {name}
    </Link>
  );
}
