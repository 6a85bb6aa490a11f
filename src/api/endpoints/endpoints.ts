import { checkEnabledEvents } from '../../core/enabled-events.js';
import { databaseNowMs } from '../../store/database-time.js';
import type { Actor } from '../../store/actor.js';
import { DEFAULT_ENDPOINT_FIELDS } from '../../store/endpoint-fields.js';
import type { EndpointRecord } from '../../store/endpoint-record.js';
import type { EndpointChange } from '../../store/endpoints.js';
import { newLogId } from '../../store/log-id.js';
import { newSigningSecret } from '../../target/secret-box.js';
import type { ApiParts } from '../api-parts.js';
import type { KnownCaller } from '../caller.js';
import { changedOptions, sealedOptions, wantedOptions } from '../delivery-options-plan.js';
import { PREVIOUS_SECRET_MS } from '../endpoint-actions.js';
import type { EndpointActions, Rotated, Rotation, Tested } from '../endpoint-actions.js';
import { unknownKeyWarnings } from '../fields.js';
import type { Given } from '../fields.js';
import { pageOf, pageRequest } from '../page.js';
import type { Page, PageQuery } from '../page.js';
import { parseUuid } from '../path.js';
import type { Probes } from '../probes.js';
import { endpointNotFound, insufficientScope, invalidFields, Problem } from '../problem.js';
import { overQuota, requireRoom } from '../stock-limits.js';
import { requireProof, requireTargetUrl, requireToken } from '../target.js';
import { testOfEndpoint } from '../test-events.js';
import type { EndpointChangeFields, NewEndpointFields } from './endpoint-fields.js';
import { isEnabled, viewEndpoint } from './endpoint-view.js';
import type { EndpointView } from './endpoint-view.js';

type Parts = Pick<ApiParts, 'catalog' | 'endpoints' | 'quotas' | 'secrets' | 'retryTotalMaxMs' | 'now'>;

export interface MadeEndpoint {
  id: string;
  /** Shown this once. */
  secret: string;
  warnings: string[];
}

/** What developers can do with shared endpoints. Every problem is thrown. */
export class Endpoints {
  constructor(
    private readonly parts: Parts,
    private readonly actions: EndpointActions,
    private readonly probes: Probes,
  ) {}

  /** The shared ones, newest first. */
  async list(license: string, query: PageQuery): Promise<Page<EndpointView>> {
    const asked = pageRequest(query, parseUuid);
    const found = await this.parts.endpoints.list(license, { ...asked, limit: asked.limit + 1 });
    const { entries, next } = pageOf(found, asked.limit, ({ id }) => id);
    return { entries: entries.map((endpoint) => viewEndpoint(endpoint, this.parts.secrets)), next };
  }

  /** One endpoint, a webhook's own too; a foreign one is as unknown as one that does not exist. */
  async get(license: string, id: string): Promise<EndpointView> {
    return viewEndpoint(await this.find(license, id), this.parts.secrets);
  }

  /** Makes one for a target that proves itself, which is asked last. */
  async create(actor: KnownCaller, { fields, unknownKeys }: Given<NewEndpointFields>): Promise<MadeEndpoint> {
    const { url, description, secret = newSigningSecret() } = fields;
    requireTargetUrl(url, '#/url');
    const id = newLogId();
    const enabledEvents = this.eventsOf(fields.enabledEvents);
    if (enabledEvents.length > 0) requireEventsScope(actor);
    const wanted = wantedOptions(this.parts, { id, fields: DEFAULT_ENDPOINT_FIELDS }, fields);
    await requireRoom(this.parts, actor.license, 'endpoints');
    await requireProof(this.probes, { license: actor.license, url, token: fields.verificationToken }, '#/url');
    const created = await this.parts.endpoints.create(actor, {
      id,
      url,
      description,
      enabledEvents,
      status: fields.enabled ? 'active' : 'paused',
      secret: this.parts.secrets.seal(secret, id),
      verifiedAt: this.time(),
      ...sealedOptions(this.parts, wanted, { id }),
    });
    if (created.kind === 'over_quota') throw overQuota(created);
    return { id, secret, warnings: [...wanted.warnings, ...unknownKeyWarnings(unknownKeys)] };
  }

  /** Changes what is given; another target is asked first, and nothing changes unless it proves itself. */
  async update(
    actor: KnownCaller,
    id: string,
    { fields, unknownKeys }: Given<EndpointChangeFields>,
  ): Promise<{ warnings: string[] }> {
    const current = await this.findShared(actor.license, id);
    const events = fields.enabledEvents && this.eventsOf(fields.enabledEvents);
    const proof = wantedProof(current, fields);
    requireScopeOf(actor, current, { events, url: proof?.url });
    // Asked of what is stored, so that a target is not called for what is refused anyway.
    const warnings = this.planChange(current, fields).warnings;
    if (proof) await requireProof(this.probes, { license: actor.license, ...proof }, '#/url');
    const verifiedAt = this.time();
    const outcome = await this.parts.endpoints.update(actor, id, (locked) => {
      requireScopeOf(actor, locked, { events, url: proof?.url });
      return {
        ...this.planChange(locked, fields).change,
        ...(events === undefined || isSameList(events, locked.enabledEvents) ? {} : { enabledEvents: events }),
        ...(proof === undefined ? {} : { target: { url: proof.url, verifiedAt } }),
      };
    });
    if (outcome === 'not_found') throw endpointNotFound();
    const isTokenUnused = fields.verificationToken !== undefined && proof === undefined && fields.url === undefined;
    const unused = isTokenUnused ? ['verificationToken was not used: the URL stays the same.'] : [];
    return { warnings: [...warnings, ...unused, ...unknownKeyWarnings(unknownKeys)] };
  }

  /** Deletes one that no webhook uses. */
  async remove(actor: Actor, id: string): Promise<void> {
    await this.findShared(actor.license, id);
    const outcome = await this.parts.endpoints.remove(actor, id);
    if (outcome.kind === 'not_found') throw endpointNotFound();
    if (outcome.kind === 'in_use') throw inUse(outcome.by);
  }

  /** Asks the target to prove itself again; it and what failed with it begin anew. */
  async verify(actor: Actor, id: string, token: string): Promise<Date> {
    const { url } = await this.findShared(actor.license, id);
    return this.actions.verify(actor, { endpointId: id }, { url, token });
  }

  async rotate(actor: Actor, id: string, rotation: Rotation): Promise<Rotated> {
    const { signingKey } = await this.findShared(actor.license, id);
    return this.actions.rotate(actor, { endpointId: id }, { ...rotation, isAsymmetric: signingKey !== null });
  }

  /** Sends one log event that tells of nothing else. */
  async test(actor: Actor, id: string): Promise<Tested> {
    await this.findShared(actor.license, id);
    return this.actions.test(actor, { endpointId: id }, (event) => ({
      eventType: 'webhook.tested',
      vehicle: null,
      envelope: testOfEndpoint({ id: event.id, license: actor.license, endpointId: id }),
    }));
  }

  private planChange(
    current: EndpointRecord,
    fields: EndpointChangeFields,
  ): { change: EndpointChange; warnings: string[] } {
    const { secrets } = this.parts;
    const { id } = current;
    const options = { id, fields: current };
    const wanted = wantedOptions(this.parts, options, fields);
    const changed = changedOptions(this.parts, options, wanted);
    const { description, enabled, secret } = fields;
    const previousUntil = new Date(this.time().getTime() + PREVIOUS_SECRET_MS);
    return {
      change: {
        ...(Object.keys(changed).length === 0 ? {} : { fields: changed }),
        ...(description === undefined || description === current.description ? {} : { description }),
        ...(enabled === undefined || enabled === isEnabled(current) ? {} : { status: enabled ? 'active' : 'paused' }),
        ...(secret === undefined ? {} : { secret: { secret: secrets.seal(secret, id), previousUntil } }),
      },
      warnings: wanted.warnings,
    };
  }

  private eventsOf(given: readonly string[]): string[] {
    const { names, errors } = checkEnabledEvents(given, this.parts.catalog);
    const [first, ...others] = errors.map(({ index, detail }) => ({ pointer: `#/enabledEvents/${index}`, detail }));
    if (first) throw invalidFields([first, ...others]);
    return names;
  }

  private async find(license: string, id: string): Promise<EndpointRecord> {
    const endpoint = await this.parts.endpoints.get(license, id);
    if (endpoint === undefined) throw endpointNotFound();
    return endpoint;
  }

  private async findShared(license: string, id: string): Promise<EndpointRecord> {
    const endpoint = await this.find(license, id);
    if (endpoint.isShared) return endpoint;
    const { triggerId } = endpoint;
    throw new Problem(409, {
      kind: 'conflict',
      message: "The endpoint is a webhook's own",
      detail:
        triggerId === null
          ? 'The webhook that it belonged to has another endpoint now; it goes when nothing is pending here.'
          : `Change the webhook that it belongs to instead: /v1/webhooks/${triggerId}.`,
    });
  }

  private time(): Date {
    return new Date(this.parts.now?.() ?? databaseNowMs());
  }
}

/** Whoever may not read the log may not have it sent to a target of theirs either. */
function requireScopeOf(
  caller: KnownCaller,
  current: EndpointRecord,
  { events = current.enabledEvents, url }: { events: readonly string[] | undefined; url: string | undefined },
): void {
  const isSame = url === undefined && isSameList(events, current.enabledEvents);
  if (events.length > 0 && !isSame) requireEventsScope(caller);
}

function requireEventsScope({ scopes }: KnownCaller): void {
  const scope = 'events:read';
  if (scopes.includes(scope)) return;
  throw insufficientScope([scope], `The API key lacks the scope ${scope}, which listening to log events needs.`);
}

function isSameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((entry, place) => entry === right[place]);
}

function wantedProof(
  current: EndpointRecord,
  { url, verificationToken: token }: EndpointChangeFields,
): { url: string; token: string } | undefined {
  if (url === undefined || requireTargetUrl(url, '#/url').href === new URL(current.url).href) return undefined;
  return { url, token: requireToken(token, 'url') };
}

function inUse(by: number): Problem {
  const webhooks = by === 1 ? 'One webhook uses' : `${by} webhooks use`;
  return new Problem(409, {
    kind: 'conflict',
    message: 'The endpoint is in use',
    detail: `${webhooks} this endpoint. Move or delete ${by === 1 ? 'it' : 'them'} first.`,
    members: { webhookCount: by },
  });
}
