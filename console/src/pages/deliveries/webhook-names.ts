/** What webhooks are called, by id; undefined while that is not known, or not allowed to be. */
export type WebhookNames = ReadonlyMap<string, string> | undefined;

/** The names of webhooks as they were read. */
export function webhookNames(
  webhooks: readonly { id: string; displayName: string; metricName: string }[] | undefined,
): WebhookNames {
  return webhooks && new Map(webhooks.map(({ id, displayName, metricName }) => [id, displayName || metricName]));
}

/** What a webhook is called. One that is not among those there are was deleted. */
export function webhookName(id: string, names: WebhookNames): string {
  if (names === undefined) return `Webhook ${id.slice(0, 8)}…`;
  return names.get(id) ?? 'A deleted webhook';
}
