import { parseDid } from '../../core/did.js';
import type { ApiParts } from '../api-parts.js';
import { pageOf, pageRequest } from '../page.js';
import type { Page, PageQuery } from '../page.js';
import { webhookNotFound } from '../problem.js';
import { databaseNowMs } from '../../store/database-time.js';
import type { FoundTrigger } from '../../store/trigger-record.js';
import { viewState } from './state-view.js';
import type { StateView } from './state-view.js';

/** What triggers remember of their vehicles. */
export class States {
  constructor(private readonly parts: Pick<ApiParts, 'triggers' | 'states' | 'now'>) {}

  /** One page of the states of a trigger, by vehicle; vehicles for which it never fired have none. */
  async list(license: string, id: string, query: PageQuery): Promise<Page<StateView>> {
    const trigger = await this.require(license, id);
    const asked = pageRequest(query, (text) => (parseDid(text).kind === 'ok' ? text : undefined));
    const found = await this.parts.states.list(id, { ...asked, limit: asked.limit + 1 });
    const views = found.map(({ vehicle, state }) => viewState(trigger, vehicle, state, this.nowMs()));
    return pageOf(views, asked.limit, ({ vehicle }) => vehicle);
  }

  /** The state of one vehicle; the empty one when the trigger never fired for it. */
  async get(license: string, id: string, vehicle: string): Promise<StateView> {
    const trigger = await this.require(license, id);
    return viewState(trigger, vehicle, await this.parts.states.get(id, vehicle), this.nowMs());
  }

  private async require(license: string, id: string): Promise<FoundTrigger> {
    const trigger = await this.parts.triggers.find(license, id);
    if (trigger === undefined) throw webhookNotFound();
    return trigger;
  }

  private nowMs(): number {
    return this.parts.now?.() ?? databaseNowMs();
  }
}
