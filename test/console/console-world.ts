/** A running product with its console, and a browser before it. */
import { randomBytes } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { parseAddress } from '../../src/core/address.js';
import { Database } from '../../src/store/database.js';
import { newLogId } from '../../src/store/log-id.js';
import { OperationStore } from '../../src/store/operations.js';
import { testSettings } from '../support/database.js';
import type { Developer } from '../support/developer.js';
import { ProductSetup } from '../support/product-setup.js';
import { VERIFICATION_TOKEN } from '../support/receiver.js';
import { signalMessage, VEHICLE } from '../support/stream.js';
import { startBrowser, Visit } from './browser.js';
import type { Look } from './browser.js';

export class ConsoleWorld {
  readonly visits: Visit[] = [];

  private constructor(
    readonly setup: ProductSetup,
    readonly browser: Browser,
    /** The license holder who is signed in, for what a test arranges behind the page's back. */
    readonly developer: Developer,
    readonly token: string,
  ) {}

  /** Starts everything; the sign-in is filled in as on an embedded start. */
  static async start(environment: Record<string, string> = {}): Promise<ConsoleWorld> {
    const [setup, browser] = await Promise.all([ProductSetup.create(), startBrowser()]);
    const license = parseAddress(randomBytes(20).toString('hex'))!;
    const token = await setup.issuer.issue({ license });
    const demo = { vehicles: [VEHICLE], target: { url: setup.receiver.url(), verificationToken: VERIFICATION_TOKEN } };
    const file = setup.file('sign-in.json', JSON.stringify({ token, license, demo }));
    await setup.start({ CONSOLE_SIGN_IN_FILE: file, HOST: '127.0.0.1', ...environment });
    return new ConsoleWorld(setup, browser, await setup.developer(license), token);
  }

  async visit(look: Look): Promise<Visit> {
    const visit = await Visit.open(this.browser, this.setup.product.url, look);
    this.visits.push(visit);
    return visit;
  }

  /** A vehicle drives at a speed. */
  drive(speed: number, vehicle = VEHICLE): Promise<unknown> {
    return this.setup.stream.send(this.setup.topics.signals, [signalMessage(vehicle, { speed })]);
  }

  /** A bulk call whose process is gone, before another one takes it up. */
  async operation(webhook: string, vehicles: readonly string[]): Promise<string> {
    const database = await Database.open(testSettings(this.setup.database.url));
    try {
      const { license } = this.developer;
      const call = { kind: 'subscribe' as const, actor: { license, requestId: 'spec' }, triggerId: webhook };
      const progress = { place: 0, done: 0, changed: 0, already: 0, failed: [], failedCount: 0 };
      const state = { call, eventId: newLogId(), progress, total: vehicles.length };
      return (await new OperationStore(database).create(state, vehicles)).id;
    } finally {
      await database.close();
    }
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.setup.stop();
  }
}
