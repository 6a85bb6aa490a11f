/** The REST surface as it runs in production, over a database of its own, a real token issuer and a real HTTPS target. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { AnyLicense } from '../../src/access/license-directory.js';
import { LocalGrants } from '../../src/access/local-grants.js';
import { TokenVerifier } from '../../src/access/token-verifier.js';
import type { ApiParts } from '../../src/api/api-parts.js';
import { apiStores } from '../../src/api/api-stores.js';
import { ApiModule, createHttpApp } from '../../src/api/api.module.js';
import { parseAddress } from '../../src/core/address.js';
import { builtInCatalog } from '../../src/core/catalog.js';
import { QUOTA_NAMES } from '../../src/core/quota.js';
import type { Quotas } from '../../src/core/quota.js';
import { ALL_SCOPES } from '../../src/core/scopes.js';
import { Health } from '../../src/observability/health.js';
import { silentLog } from '../../src/observability/log.js';
import { Database } from '../../src/store/database.js';
import { GrantStore } from '../../src/store/grants.js';
import { LogFeed } from '../../src/store/log-feed.js';
import { QuotaBlocks } from '../../src/store/quota-blocks.js';
import { QuotaStore } from '../../src/store/quotas.js';
import { AddressGuard } from '../../src/target/address-guard.js';
import { Handshake } from '../../src/target/handshake.js';
import { TargetClient } from '../../src/target/http-client.js';
import { SecretBox } from '../../src/target/secret-box.js';
import { createTestDatabase, testSettings } from './database.js';
import { HandshakeTarget } from './handshake-target.js';
import { RecordingDial } from './hostile-network.js';
import { TokenIssuer } from './token-issuer.js';

export const ADMIN_TOKEN = 'the-admin-token-of-the-specs';
const CONTRACT = '0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF';
const EVERY_PERMISSION = ['privilege:GetNonLocationHistory', 'privilege:GetLocationHistory'];

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever JSON was answered
  body: any;
}

/** Parts that a test has of its own. */
type Replaced = Partial<Omit<ApiParts, 'quotas'>>;

/** As much as nobody uses up: what limits are about sets its own. */
export function unlimitedQuotas(): Quotas {
  return Object.fromEntries(QUOTA_NAMES.map((name) => [name, 1_000_000_000])) as Quotas;
}

/** A vehicle's canonical DID. */
export function vehicle(tokenId: number): string {
  return `did:erc721:137:${CONTRACT}:${tokenId}`;
}

export class TestApi {
  readonly grants: GrantStore;
  private constructor(
    readonly url: string,
    readonly database: Database,
    readonly issuer: TokenIssuer,
    readonly target: HandshakeTarget,
    readonly secrets: SecretBox,
    /** What it was made of, for another one over the same database. */
    readonly parts: ApiParts,
    readonly stop: () => Promise<void>,
  ) {
    this.grants = new GrantStore(database);
  }

  /**
   * `replace` exchanges parts, for what a real part cannot be brought to do. `quotas` are the installation's limits;
   * what they do not name is not limited.
   */
  static async start(
    { quotas: limits, ...replace }: Replaced & { quotas?: Partial<Quotas> } = {},
    corsOrigins?: string[],
  ): Promise<TestApi> {
    const test = await createTestDatabase();
    const database = await Database.open(testSettings(test.url));
    const issuer = await TokenIssuer.start();
    const target = await HandshakeTarget.start();
    const client = new TargetClient({
      guard: new AddressGuard({ allow: [`127.0.0.1:${target.port}`] }),
      timeoutMs: 5000,
      connectionsPerOrigin: 4,
      ca: target.authorityPem,
      // A guard that fails sends nothing to anybody.
      dial: new RecordingDial().dial,
      log: silentLog,
    });
    const secrets = new SecretBox([randomBytes(32)]);
    const quotas = new QuotaStore(database, { ...unlimitedQuotas(), ...limits });
    const parts: ApiParts = {
      catalog: builtInCatalog,
      ...apiStores(database, quotas),
      quotaBlocks: new QuotaBlocks({ take: (needs) => quotas.take(needs), now: () => performance.now() }),
      feed: new LogFeed({ database, log: silentLog, intervalMs: 20 }),
      eventRetentionDays: 30,
      failureLimits: { hours: 120 },
      permissions: new LocalGrants({ grants: new GrantStore(database) }),
      licenses: new AnyLicense(),
      tokens: new TokenVerifier({ jwksUrl: issuer.jwksUrl, log: silentLog }),
      handshake: new Handshake({ client }),
      client,
      retryTotalMaxMs: 29 * 86_400_000,
      secrets,
      adminToken: ADMIN_TOKEN,
      log: silentLog,
      health: new Health(),
      ...replace,
    };
    const app = await createHttpApp(ApiModule.with(parts), { log: parts.log, ...(corsOrigins && { corsOrigins }) });
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    return new TestApi(`http://127.0.0.1:${port}`, database, issuer, target, secrets, parts, async () => {
      // A client's connection that it has asked nothing over yet would keep the server open for seconds.
      const cut = setTimeout(() => app.getHttpServer().closeAllConnections(), 300);
      await app.close();
      clearTimeout(cut);
      await client.close();
      await target.stop();
      await issuer.stop();
      await database.close();
      await test.drop();
    });
  }

  /** A developer with a new license. */
  async developer(): Promise<ApiDeveloper> {
    const license = parseAddress(randomBytes(20).toString('hex'))!;
    return new ApiDeveloper(this, license, await this.issuer.issue({ license }));
  }

  /** Every row of the control plane, as one text: equal before and after whatever changed nothing. */
  async contents(): Promise<string> {
    const tables = ['triggers', 'endpoints', 'subscriptions', 'grants', 'states', 'index_head', 'events'];
    const rows = await Promise.all(
      tables.map((table) => this.database.pool.query(`select t::text as row from ${table} t order by 1`)),
    );
    return rows.flatMap((result, at) => [tables[at], ...result.rows.map(({ row }) => row as string)]).join('\n');
  }

  admin(method: string, path: string, body?: unknown): Promise<Answer> {
    return send(this.url, method, path, { authorization: `Bearer ${ADMIN_TOKEN}` }, json(body));
  }

  /** A request line that no client library would send. */
  async raw(head: string): Promise<string> {
    const socket = connect(Number(new URL(this.url).port), '127.0.0.1');
    socket.end(`${head}\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    return answer;
  }
}

export class ApiDeveloper {
  constructor(
    readonly api: TestApi,
    readonly license: string,
    readonly token: string,
  ) {}

  call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return send(this.api.url, method, path, { authorization: `Bearer ${this.token}`, ...headers }, json(body));
  }

  /** The same license by an API key that it makes, which may do everything unless `fields` say what. */
  async withKey(fields: Record<string, unknown> = {}): Promise<ApiDeveloper & { keyId: string }> {
    const { status, text, body } = await this.call('POST', '/v1/api-keys', {
      name: 'a key',
      scopes: ALL_SCOPES,
      ...fields,
    });
    if (status !== 201) throw new Error(`no key: ${text}`);
    return Object.assign(new ApiDeveloper(this.api, this.license, body.key as string), { keyId: body.id as string });
  }

  /** A request with a body that is not made from a value. */
  send(method: string, path: string, headers: Record<string, string>, body: string | Buffer): Promise<Answer> {
    return send(this.api.url, method, path, { authorization: `Bearer ${this.token}`, ...headers }, body);
  }

  /** The fields of a webhook that is accepted. */
  webhook(fields: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      service: 'telemetry.signals',
      metricName: 'speed',
      condition: 'value > 55',
      targetURL: this.api.target.url('/token/abc'),
      verificationToken: 'abc',
      ...fields,
    };
  }

  /** Registers one and gives its id. */
  async register(fields: Record<string, unknown> = {}): Promise<string> {
    const answer = await this.call('POST', '/v1/webhooks', this.webhook(fields));
    if (answer.status !== 201) throw new Error(`not registered: ${answer.text}`);
    return answer.body.id as string;
  }

  async grant(vehicles: string[], permissions = EVERY_PERMISSION): Promise<void> {
    for (const did of vehicles)
      await this.api.grants.put({ license: '', requestId: 'spec' }, this.license, did, permissions);
  }

  async config(id: string): Promise<Record<string, unknown>> {
    return (await this.call('GET', `/v1/webhooks/${id}/config`)).body as Record<string, unknown>;
  }
}

/** One member of each entry of a list that was answered. */
export function each(list: unknown, member: string): unknown[] {
  return (list as Record<string, unknown>[]).map((entry) => entry[member]);
}

/** One HTTP request. */
export async function send(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Buffer,
): Promise<Answer> {
  const defaults: Record<string, string> =
    typeof body === 'string' && !('content-type' in headers) ? { 'content-type': 'application/json' } : {};
  const response = await fetch(url + path, {
    method,
    headers: { ...defaults, ...headers },
    redirect: 'manual',
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
}

function json(body: unknown): string | undefined {
  return body === undefined ? undefined : JSON.stringify(body);
}
