import { setTimeout as sleep } from 'node:timers/promises';
import { Faults } from './faults.js';
import { type Api, type ApiName, findApi, isReadable } from './requests/api-table.js';
import type { Cluster, Request } from './requests/request.js';
import { WireError, WireReader } from './wire-reader.js';

/** A fetch that has `arrived` waits for records, and a join for the other members; later they are `handled`. */
export type RequestStage = 'arrived' | 'handled';

/** Reads a request's header, finds who answers it, and frames the answer. */
export class Dispatcher {
  readonly faults = new Faults();
  readonly #watchers = new Map<string, (() => void)[]>();

  constructor(private readonly cluster: Cluster) {}

  /** Resolves when the next request of this API has arrived, or has been handled or met by a fault. */
  nextRequest(api: ApiName, stage: RequestStage): Promise<void> {
    const key = `${api} ${stage}`;
    return new Promise((resolve) => this.#watchers.set(key, [...(this.#watchers.get(key) ?? []), resolve]));
  }

  /**
   * Answers one request; `undefined` when there is nothing to answer. Throws {@link WireError} for a request that must
   * end its connection.
   */
  async answer(bytes: Buffer, client: { host: string; closed: AbortSignal }): Promise<Buffer[] | undefined> {
    const reader = new WireReader(bytes);
    const key = reader.int16();
    const version = reader.int16();
    const correlationId = reader.int32();
    const clientId = reader.nullableString() ?? '';
    const api = findApi(key);
    if (api === undefined || !isReadable(api, version))
      throw new WireError(`API ${key} version ${version} is unknown.`);
    const request = {
      reader,
      version,
      clientId,
      clientHost: client.host,
      closed: client.closed,
      cluster: this.cluster,
    };
    const writer = await this.#handle(api, request);
    return writer?.frame(correlationId);
  }

  async #handle(api: Api, request: Omit<Request, 'injectedError'>): Promise<Awaited<ReturnType<Api['handle']>>> {
    const fault = this.faults.take(api.name);
    this.#tellWatchers(api.name, 'arrived');
    try {
      if (fault?.kind === 'delay') await sleep(fault.delayMs, undefined, { signal: request.closed });
      if (fault?.kind === 'disconnect' && fault.when === 'before') throw new WireError('Disconnected by a test.');
      const injectedError = fault?.kind === 'error' ? fault.error : undefined;
      const writer = await api.handle({ ...request, injectedError });
      if (fault?.kind === 'disconnect') throw new WireError('Disconnected by a test.');
      return writer;
    } finally {
      this.#tellWatchers(api.name, 'handled');
    }
  }

  #tellWatchers(api: ApiName, stage: RequestStage): void {
    const key = `${api} ${stage}`;
    const watchers = this.#watchers.get(key) ?? [];
    this.#watchers.delete(key);
    for (const resolve of watchers) resolve();
  }
}
