/** What a webhook is called by. */
interface Named {
  id: string;
  displayName: string;
  metricName: string;
}

/** How a webhook is called: its name, or its metric where it was given none. The API then gives its id as name. */
export function nameOf({ id, displayName, metricName }: Named): string {
  return displayName === id ? `Webhook on ${metricName}` : displayName;
}

/** Webhooks in the order of their names, whatever the letter case; 9 comes before 10. */
export function byName(a: Named, b: Named): number {
  return nameOf(a).localeCompare(nameOf(b), 'en', { numeric: true });
}

/** What webhooks are called, by id; undefined while that is not known. */
export type WebhookNames = ReadonlyMap<string, string> | undefined;

/** The names of webhooks as they were read. */
export function webhookNames(webhooks: readonly Named[] | undefined): WebhookNames {
  return webhooks && new Map(webhooks.map((webhook) => [webhook.id, nameOf(webhook)]));
}

/** What a webhook is called that something names by its id. One that is not among those there are was deleted. */
export function webhookName(id: string, names: WebhookNames): string {
  if (names === undefined) return `Webhook ${id.slice(0, 8)}…`;
  return names.get(id) ?? 'A deleted webhook';
}
