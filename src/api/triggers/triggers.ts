import { randomUUID } from 'node:crypto';
import { databaseNowMs } from '../../store/database-time.js';
import type { Actor } from '../../store/actor.js';
import { DEFAULT_ENDPOINT_FIELDS } from '../../store/endpoint-fields.js';
import type { EndpointRecord } from '../../store/endpoint-record.js';
import type { FoundTrigger, TriggerRecord } from '../../store/trigger-record.js';
import type { NewTrigger, SharingTrigger, TriggerChange, TriggerConflict } from '../../store/triggers.js';
import { newSigningSecret } from '../../target/secret-box.js';
import type { ApiParts } from '../api-parts.js';
import { requireCondition, resolveMetric } from '../conditions/watched-metric.js';
import { changedOptions, sealedOptions, wantedOptions } from '../delivery-options-plan.js';
import type { WantedOptions } from '../delivery-options-plan.js';
import { PREVIOUS_SECRET_MS } from '../endpoint-actions.js';
import { refuseField, unknownKeyWarnings } from '../fields.js';
import type { Given } from '../fields.js';
import { parseUuid } from '../path.js';
import { isPaged, pageOf, pageRequest } from '../page.js';
import type { Page, PageQuery } from '../page.js';
import type { Probes } from '../probes.js';
import { invalidFields, Problem, webhookNotFound } from '../problem.js';
import { overQuota, requireRoom } from '../stock-limits.js';
import { requireMetricPermissions } from './metric-permissions.js';
import { requireProof, requireTargetUrl } from '../target.js';
import { endpointWarnings, givenName, planChange, refuseOptions } from './trigger-change.js';
import type { PlannedChange } from './trigger-change.js';
import type { NewWebhook, WebhookChange } from './trigger-fields.js';
import { optionsOf, viewWebhook } from './webhook-view.js';
import type { WebhookView } from './webhook-view.js';

/** Two people editing the same webhook in the same second are rare; more than this is a loop somewhere. */
const UPDATE_ATTEMPTS_MAX = 4;

type Parts = Pick<
  ApiParts,
  | 'catalog'
  | 'triggers'
  | 'endpoints'
  | 'subscriptions'
  | 'permissions'
  | 'quotas'
  | 'secrets'
  | 'retryTotalMaxMs'
  | 'now'
>;

export interface Registered {
  id: string;
  /** Of the webhook's signatures: shown this once; none at a shared endpoint, which has its own. */
  secret?: string;
  warnings: string[];
}

export interface Updated {
  warnings: string[];
  /** Of the endpoint of its own that the webhook got by this: shown this once. */
  secret?: string;
}

/** What developers can do with their triggers. Every problem is thrown. */
export class Triggers {
  constructor(
    private readonly parts: Parts,
    private readonly probes: Probes,
  ) {}

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

  /** A stored trigger as it is shown. */
  view(trigger: TriggerRecord): WebhookView {
    return viewWebhook(trigger, this.parts.secrets);
  }

  /**
   * Registers a trigger. The target is asked last, after everything that can be refused without it, and right before
   * the trigger is stored.
   */
  async create(actor: Actor, { fields, unknownKeys }: Given<NewWebhook>): Promise<Registered> {
    const { endpointId } = fields;
    const isOwn = endpointId === undefined;
    if (isOwn) requireTargetUrl(fields.targetURL!);
    else refuseTarget(fields);
    const metric = resolveMetric(this.parts.catalog, fields);
    const { normalized, warnings } = requireCondition(metric, fields.condition);
    const displayName = givenName(fields.displayName);
    if (displayName !== undefined) await this.requireFreeName(actor.license, displayName);
    const trigger = {
      id: randomUUID(),
      service: fields.service,
      metricName: fields.metricName,
      metricKind: metric.kind,
      metric: metric.name,
      valueKind: metric.valueKind,
      condition: fields.condition,
      normalizedCondition: normalized,
      cooldownSeconds: fields.coolDownPeriod,
      maxSampleAgeSeconds: fields.maxSampleAgeSeconds,
      ...(displayName === undefined ? {} : { displayName }),
      description: fields.description,
      status: fields.status,
      autoSubscribe: fields.autoSubscribe,
    };
    await requireRoom(this.parts, actor.license, 'webhooks');
    const target = isOwn
      ? await this.ownTarget(actor.license, fields)
      : await this.sharedTarget(actor.license, endpointId);
    const created = await this.parts.triggers.create(actor, { ...trigger, ...target.stored });
    if (created.kind === 'over_quota') throw overQuota(created);
    if (created.kind !== 'created') throw conflict(created);
    return {
      id: trigger.id,
      ...(target.secret === undefined ? {} : { secret: target.secret }),
      warnings: [...warnings, ...target.warnings, ...unknownKeyWarnings(unknownKeys)],
    };
  }

  /**
   * Changes what is given. Decided again when somebody else changed the trigger meanwhile, since its parts are judged
   * together; a target is asked no more than once for that.
   */
  async update(actor: Actor, id: string, { fields, unknownKeys }: Given<WebhookChange>): Promise<Updated> {
    let verifiedAt: Date | undefined;
    for (let attempt = 0; attempt < UPDATE_ATTEMPTS_MAX; attempt++) {
      const current = await this.parts.triggers.find(actor.license, id);
      if (current === undefined) throw webhookNotFound();
      const shared = await this.namedEndpoint(actor.license, current, fields);
      const plan = planChange(this.parts, current, fields, shared);
      if (plan.change.displayName) await this.requireFreeName(actor.license, plan.change.displayName, id);
      const judged = await requireMetricPermissions(this.parts, current, plan.change);
      if (plan.target.kind === 'url' && verifiedAt === undefined) {
        await requireProof(this.probes, { license: actor.license, ...plan.target });
        verifiedAt = this.time();
      }
      const { change, secret } = this.storedChange(current, plan, { verifiedAt, secret: fields.secret });
      const isDone = await this.store(actor, current, change, judged);
      if (!isDone) continue;
      const warnings = [...plan.warnings, ...unknownKeyWarnings(unknownKeys)];
      return { warnings, ...(secret === undefined ? {} : { secret }) };
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

  /** An endpoint of its own for a target that has just proven itself. */
  private async ownTarget(
    license: string,
    fields: NewWebhook,
  ): Promise<{ stored: Pick<NewTrigger, 'endpoint'>; secret: string; warnings: string[] }> {
    const id = randomUUID();
    const wanted = wantedOptions(this.parts, { id, fields: DEFAULT_ENDPOINT_FIELDS }, fields);
    const url = fields.targetURL!;
    await requireProof(this.probes, { license, url, token: fields.verificationToken! });
    const { endpoint, secret } = this.newEndpoint({ id, url, verifiedAt: this.time(), secret: fields.secret }, wanted);
    return { stored: { endpoint }, secret, warnings: wanted.warnings };
  }

  private async sharedTarget(
    license: string,
    endpointId: string,
  ): Promise<{ stored: Pick<SharingTrigger, 'sharedEndpointId'>; secret: undefined; warnings: string[] }> {
    const endpoint = await this.parts.endpoints.get(license, endpointId);
    if (!endpoint?.isShared) throw conflict({ kind: 'endpoint_not_found' });
    return { stored: { sharedEndpointId: endpointId }, secret: undefined, warnings: endpointWarnings(endpoint) };
  }

  private newEndpoint(
    {
      secret = newSigningSecret(),
      ...given
    }: { id: string; url: string; verifiedAt: Date; secret: string | undefined },
    wanted: WantedOptions,
    source?: FoundTrigger,
  ): { endpoint: NewTrigger['endpoint']; secret: string } {
    const { id } = given;
    const options = sealedOptions(this.parts, wanted, { id, ...(source && { source: optionsOf(source) }) });
    return { endpoint: { ...given, ...options, secret: this.parts.secrets.seal(secret, id) }, secret };
  }

  /** The endpoint that a change names, unless the trigger is there already. */
  private async namedEndpoint(
    license: string,
    current: FoundTrigger,
    { endpointId }: WebhookChange,
  ): Promise<EndpointRecord | undefined> {
    if (endpointId === undefined || endpointId === current.endpointId) return undefined;
    return this.parts.endpoints.get(license, endpointId);
  }

  /** What is stored of a plan, and the secret to tell when a new endpoint came of it. */
  private storedChange(
    current: FoundTrigger,
    { change, target, options }: PlannedChange,
    { verifiedAt, secret: own }: { verifiedAt: Date | undefined; secret: string | undefined },
  ): { change: TriggerChange; secret?: string } {
    if (target.kind === 'shared') return { change: { ...change, moveTo: target } };
    if (target.kind === 'url' && !current.ownsEndpoint) {
      const given = { id: randomUUID(), url: target.url, verifiedAt: verifiedAt!, secret: own };
      const { endpoint, secret } = this.newEndpoint(given, options!, current);
      return { change: { ...change, moveTo: { kind: 'own', endpoint } }, secret };
    }
    const endpointFields = options === undefined ? {} : changedOptions(this.parts, optionsOf(current), options);
    const previousUntil = new Date(this.time().getTime() + PREVIOUS_SECRET_MS);
    return {
      change: {
        ...change,
        ...(target.kind === 'url' ? { target: { url: target.url, verifiedAt: verifiedAt! } } : {}),
        ...(Object.keys(endpointFields).length === 0 ? {} : { endpointFields }),
        ...(own === undefined
          ? {}
          : { secret: { secret: this.parts.secrets.seal(own, current.endpointId), previousUntil } }),
      },
    };
  }

  /** False when the trigger, or what is subscribed to it, is not as it was when the change was planned and judged. */
  private async store(
    actor: Actor,
    { id, revision }: FoundTrigger,
    change: TriggerChange,
    judged: Awaited<ReturnType<typeof requireMetricPermissions>>,
  ): Promise<boolean> {
    const updated = await this.parts.triggers.update(actor, id, change, { revision, ...judged });
    switch (updated.kind) {
      case 'updated':
        return true;
      case 'stale':
        return false;
      case 'not_found':
        throw webhookNotFound();
      default:
        throw conflict(updated);
    }
  }

  /** Spares a target the question when the name is taken anyway; the store has the last word. */
  private async requireFreeName(license: string, displayName: string, ownId?: string): Promise<void> {
    if (await this.parts.triggers.isNameTaken(license, displayName, ownId)) throw duplicateName();
  }

  private time(): Date {
    return new Date(this.parts.now?.() ?? databaseNowMs());
  }
}

/** Whoever names an endpoint names its target with it. */
function refuseTarget(fields: NewWebhook): void {
  if (fields.targetURL !== undefined || fields.verificationToken !== undefined) {
    refuseField('#/endpointId', 'endpointId takes the place of targetURL and verificationToken: give one or the other');
  }
  refuseOptions(fields);
}

function conflict({ kind }: TriggerConflict): Problem {
  if (kind === 'duplicate_name') return duplicateName();
  const detail = 'Your license has no shared endpoint with this id.';
  return invalidFields([{ pointer: '#/endpointId', detail }]);
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
