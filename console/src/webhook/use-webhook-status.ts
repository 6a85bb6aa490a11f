import { useChange } from '../api/queries.js';

/** Switches a webhook on or off. Its endpoint begins anew with it. */
export function useWebhookStatus(id: string) {
  return useChange(
    (api, status: 'enabled' | 'disabled') =>
      api.PATCH('/v1/webhooks/{id}', { params: { path: { id } }, body: { status } }),
    { refreshes: [['webhooks'], ['overview'], ['endpoints']], said: 'The webhook is changed.' },
  );
}
