import { randomUUID } from 'node:crypto';
import type { Actor } from '../../store/actor.js';
import type { FoundTrigger, TriggerRecord } from '../../store/trigger-record.js';
import type { NewTrigger } from '../../store/triggers.js';
import { newSigningSecret } from '../../target/secret-box.js';
import type { ApiParts } from '../api-parts.js';
import { requireCondition, resolveMetric } from '../conditions/watched-metric.js';
import { unknownKeyWarnings } from '../fields.js';
import type { Given } from '../fields.js';
import { parseUuid } from '../path.js';
import { isPaged, pageOf, pageRequest } from '../page.js';
import type { Page, PageQuery } from '../page.js';
import { Problem, webhookNotFound } from '../problem.js';
import { requireMetricPermissions } from './metric-permissions.js';
import { requireProof, requireTargetUrl } from './target.js';
import { givenName, planChange } from './trigger-change.js';
import type { PlannedChange } from './trigger-change.js';
import type { NewWebhook, WebhookChange } from './trigger-fields.js';

/** Two people editing the same webhook in the same second are rare; more than this is a loop somewhere. */
const UPDATE_ATTEMPTS_MAX = 4;

type Parts = Pick<ApiParts, 'catalog' | 'triggers' | 'subscriptions' | 'permissions' | 'handshake' | 'secrets' | 'now'>;

export interface Registered {
  id: string;
  /** Of the webhook's signatures: shown this once. */
  secret: string;
  warnings: string[];
}

/** What developers can do with their triggers. Every problem is thrown. */
export class Triggers {
  constructor(private readonly parts: Parts) {}

  /** All triggers of a license by id, or one page of them. */
  async list(license: string, query: PageQuery): Promise<{ page: Page<TriggerRecord>; limit: number }> {
    if (!isPaged(query))
      return { page: { entries: await this.parts.triggers.list(license), next: undefined }, limit: 0 };
    const asked = pageRequest(query, parseUuid);
    const found = await this.parts.triggers.list(license, { ...asked, limit: asked.limit + 1 });
    return { page: pageOf(found, asked.limit, ({ id }) => id), limit: asked.limit };
  }

  /** One trigger; a foreign one is as unknown as one that does not exist. */
  async get(license: string, id: string): Promise<TriggerRecord> {
    const trigger = await this.parts.triggers.get(license, id);
    if (trigger === undefined) throw webhookNotFound();
    return trigger;
  }

  /**
   * Registers a trigger. The target is asked last, after everything that can be refused without it, and right before
   * the trigger is stored.
   */
  async create(actor: Actor, { fields, unknownKeys }: Given<NewWebhook>): Promise<Registered> {
    requireTargetUrl(fields.targetURL);
    const metric = resolveMetric(this.parts.catalog, fields);
    const { normalized, warnings } = requireCondition(metric, fields.condition);
    const displayName = givenName(fields.displayName);
    if (displayName !== undefined) await this.requireFreeName(actor.license, displayName);
    await requireProof(this.parts.handshake, fields.targetURL, fields.verificationToken);

    const secret = newSigningSecret();
    const endpointId = randomUUID();
    const trigger: NewTrigger = {
      id: randomUUID(),
      service: fields.service,
      metricName: fields.metricName,
      metricKind: metric.kind,
      metric: metric.name,
      valueKind: metric.valueKind,
      condition: fields.condition,
      normalizedCondition: normalized,
      cooldownSeconds: fields.coolDownPeriod,
      ...(displayName === undefined ? {} : { displayName }),
      description: fields.description,
      status: fields.status,
      endpoint: {
        id: endpointId,
        url: fields.targetURL,
        secret: this.parts.secrets.seal(secret, endpointId),
        verifiedAt: this.time(),
      },
    };
    const created = await this.parts.triggers.create(actor, trigger);
    if (created.kind === 'duplicate_name') throw duplicateName();
    return { id: trigger.id, secret, warnings: [...warnings, ...unknownKeyWarnings(unknownKeys)] };
  }

  /**
   * Changes what is given. Decided again when somebody else changed the trigger meanwhile, since its parts are judged
   * together; a target is asked no more than once for that.
   */
  async update(
    actor: Actor,
    id: string,
    { fields, unknownKeys }: Given<WebhookChange>,
  ): Promise<{ warnings: string[] }> {
    let verifiedAt: Date | undefined;
    for (let attempt = 0; attempt < UPDATE_ATTEMPTS_MAX; attempt++) {
      const current = await this.parts.triggers.find(actor.license, id);
      if (current === undefined) throw webhookNotFound();
      const plan = planChange(this.parts.catalog, current, fields);
      if (plan.change.displayName) await this.requireFreeName(actor.license, plan.change.displayName, id);
      const judged = await requireMetricPermissions(this.parts, current, plan.change);
      if (plan.proof && verifiedAt === undefined) {
        await requireProof(this.parts.handshake, plan.proof.url, plan.proof.token);
        verifiedAt = this.time();
      }
      const isDone = await this.store(actor, current, { ...plan, judged, verifiedAt });
      if (isDone) return { warnings: [...plan.warnings, ...unknownKeyWarnings(unknownKeys)] };
    }
    throw new Problem(409, {
      message: 'The webhook is being changed by others',
      detail: 'Others kept changing this webhook meanwhile. Nothing was changed; send the request again.',
    });
  }

  /** Removes a trigger with its subscriptions and whatever is still to be delivered. */
  async remove(actor: Actor, id: string): Promise<void> {
    if (!(await this.parts.triggers.remove(actor, id))) throw webhookNotFound();
  }

  /** False when the trigger, or what is subscribed to it, is not as it was when the change was planned and judged. */
  private async store(
    actor: Actor,
    { id, revision }: FoundTrigger,
    plan: PlannedChange & { judged: string[] | undefined; verifiedAt: Date | undefined },
  ): Promise<boolean> {
    const { proof, verifiedAt, judged: vehicles } = plan;
    const change = { ...plan.change, ...(proof && verifiedAt ? { target: { url: proof.url, verifiedAt } } : {}) };
    const judged = vehicles === undefined ? { revision } : { revision, vehicles };
    const updated = await this.parts.triggers.update(actor, id, change, judged);
    switch (updated.kind) {
      case 'updated':
        return true;
      case 'stale':
        return false;
      case 'not_found':
        throw webhookNotFound();
      case 'duplicate_name':
        throw duplicateName();
    }
  }

  /** Spares a target the question when the name is taken anyway; the store has the last word. */
  private async requireFreeName(license: string, displayName: string, ownId?: string): Promise<void> {
    if (await this.parts.triggers.isNameTaken(license, displayName, ownId)) throw duplicateName();
  }

  private time(): Date {
    return new Date(this.parts.now?.() ?? Date.now());
  }
}

function duplicateName(): Problem {
  const detail = 'Another webhook of your license has this display name (upper and lower case are the same).';
  return new Problem(400, {
    kind: 'duplicate-name',
    message: 'Display name must be unique',
    detail,
    errors: [{ pointer: '#/displayName', detail }],
  });
}
