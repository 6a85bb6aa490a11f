import type { LinkProps } from '@tanstack/react-router';
import type { Schema } from '@tripline/client';
import type { Attention, Subject } from '../api/resources.js';
import { RECOVERED } from '../delivery/recovery-request.js';
import type { RecoveredStatus } from '../delivery/recovery-request.js';
import type { Scope } from '../session.js';

type Action = Schema<'AttentionAction'>;

/** Somewhere in the console. */
export type Way = Pick<LinkProps, 'to' | 'params' | 'search'>;

/** What a recovery is asked for with. */
export interface Recovery {
  since: string;
  statuses: readonly RecoveredStatus[];
}

/** What the button of an attention line does. What needs more than the line knows is a link to the page that asks for it. */
export type Mending =
  | { kind: 'link'; way: Way }
  | { kind: 'limits' }
  | { kind: 'test'; of: Subject }
  | { kind: 'switch-on'; of: Subject }
  | { kind: 'recover'; of: Subject; recovery: Recovery }
  | { kind: 'subscribe-all'; webhookId: string };

const webhook = ({ parameters }: Action): Subject => ({ kind: 'webhook', id: parameters['id'] ?? '' });
const endpoint = ({ parameters }: Action): Subject => ({ kind: 'endpoint', id: parameters['id'] ?? '' });

/** What each operation that the overview names becomes here. */
const MENDINGS: Record<string, (action: Action) => Mending> = {
  testWebhook: (action) => ({ kind: 'test', of: webhook(action) }),
  testEndpoint: (action) => ({ kind: 'test', of: endpoint(action) }),
  patchWebhook: (action) => switching(webhook(action), action.body?.['status'] === 'enabled'),
  patchEndpoint: (action) => switching(endpoint(action), action.body?.['enabled'] === true),
  recoverWebhook: (action) => recovering(webhook(action), action),
  recoverEndpoint: (action) => recovering(endpoint(action), action),
  subscribeAll: (action) => ({ kind: 'subscribe-all', webhookId: webhook(action).id }),
  listDeliveries: ({ parameters }) => ({ kind: 'link', way: { to: '/deliveries', search: renamed(parameters) } }),
  listEvents: ({ parameters }) => ({ kind: 'link', way: { to: '/events', search: renamed(parameters) } }),
  getMe: () => ({ kind: 'limits' }),
};

/** The operations that a button or link is known for. */
export const MENDING_OPERATIONS = Object.keys(MENDINGS);

/** What the line's button does; undefined where there is nothing to do, or nothing that this page knows of. */
export function mendingOf({ action }: Pick<Attention, 'action'>): Mending | undefined {
  return action === null ? undefined : MENDINGS[action.operationId]?.(action);
}

/** Another change than switching on is made on the page of what is to be changed. */
function switching(of: Subject, isSwitchingOn: boolean): Mending {
  return isSwitchingOn ? { kind: 'switch-on', of } : { kind: 'link', way: pageOf(of) };
}

/** Without a beginning the range is to be chosen, where deliveries are listed. */
function recovering(of: Subject, { body }: Action): Mending {
  const since = body?.['since'];
  if (typeof since !== 'string') return { kind: 'link', way: { to: '/deliveries', search: { [of.kind]: of.id } } };
  const statuses = (body?.['statuses'] ?? RECOVERED) as Recovery['statuses'];
  return { kind: 'recover', of, recovery: { since, statuses } };
}

/** The API's parameters as the addresses of lists have them. */
function renamed({ webhookId, endpointId, ...rest }: Record<string, string>): Record<string, string> {
  return { ...rest, ...(webhookId && { webhook: webhookId }), ...(endpointId && { endpoint: endpointId }) };
}

/** Where a webhook or an endpoint has its page. */
export function pageOf({ kind, id }: Subject): Way {
  return { to: kind === 'webhook' ? '/webhooks/$id' : '/endpoints/$id', params: { id } };
}

/** What a line is about; undefined for what is about the license. */
export function subjectOf({ webhookId, endpointId }: Pick<Attention, 'webhookId' | 'endpointId'>): Subject | undefined {
  if (webhookId !== null) return { kind: 'webhook', id: webhookId };
  return endpointId === null ? undefined : { kind: 'endpoint', id: endpointId };
}

/** What a sign-in has to be allowed to go there with any use; undefined for what all may see that see the overview. */
export function scopeOf({ to }: Way): Scope | undefined {
  if (to === '/deliveries' || to === '/events') return 'events:read';
  return to === '/webhooks/$id/edit' ? 'webhooks:manage' : undefined;
}

/** A second way out of each kind: where to look closer, or to do it by hand. */
const LOOKS: Record<Attention['kind'], (of: Subject) => { label: string; way: Way } | undefined> = {
  license_gated: () => undefined,
  endpoint_gone: (of) => attempts(of, 'held,failed'),
  endpoint_failed: (of) => attempts(of, 'held,failed'),
  endpoint_breaker_open: (of) => attempts(of, 'pending,failed'),
  endpoint_failing: (of) => attempts(of, 'pending,failed'),
  quota_reached: () => undefined,
  deliveries_held: (of) => attempts(of, 'held'),
  deliveries_failed: (of) => attempts(of, 'failed'),
  deliveries_late: () => undefined,
  firings_throttled: () => undefined,
  condition_failing: (of) => ofWebhook(of, '/webhooks/$id/edit', 'Change the condition'),
  rate_limited: () => undefined,
  quota_near: () => undefined,
  endpoint_paused: (of) => attempts(of, 'held'),
  webhook_without_vehicles: (of) => ofWebhook(of, '/webhooks/$id/vehicles', 'Choose vehicles'),
  secret_overlap: (of) => ofWebhook(of, '/webhooks/$id/secret', 'See the secrets'),
};

/** The kinds of lines that are known. */
export const ATTENTION_KINDS = Object.keys(LOOKS);

/** Where to look closer at what a line is about; undefined where its title leads there, or nothing does. */
export function lookOf(
  line: Pick<Attention, 'kind' | 'webhookId' | 'endpointId'>,
): { label: string; way: Way } | undefined {
  const subject = subjectOf(line);
  return subject === undefined ? undefined : LOOKS[line.kind]?.(subject);
}

function attempts(of: Subject, status: string): { label: string; way: Way } {
  return { label: 'See attempts', way: { to: '/deliveries', search: { [of.kind]: of.id, status } } };
}

function ofWebhook({ kind, id }: Subject, to: Way['to'], label: string): { label: string; way: Way } | undefined {
  return kind === 'webhook' ? { label, way: { to, params: { id } } } : undefined;
}
