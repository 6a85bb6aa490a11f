import { useWebhooks } from '../api/resources.js';
import { SelectField } from '../parts/choice-fields.js';
import { byName, nameOf, webhookName, webhookNames } from '../webhook/webhook-name.js';
import './lists.css';

const ALL = 'all';

interface WebhookFilterProps {
  /** Its id. */
  value: string | undefined;
  onChange: (webhook: string | undefined) => void;
}

/** One webhook, or all. One that is no longer there is named as long as it is asked for. */
export function WebhookFilter({ value, onChange }: WebhookFilterProps) {
  const webhooks = useWebhooks().data;
  const known = [...(webhooks ?? [])].sort(byName).map((webhook) => ({ id: webhook.id, text: nameOf(webhook) }));
  const isMissing = value !== undefined && !known.some(({ id }) => id === value);
  const missing = isMissing ? [{ id: value, text: webhookName(value, webhookNames(webhooks)) }] : [];
  return (
    <SelectField
      label="Webhook"
      options={[{ id: ALL, text: 'All webhooks' }, ...known, ...missing]}
      value={value ?? ALL}
      onChange={(id) => onChange(id === ALL ? undefined : id)}
    />
  );
}
