/** Everything a running product needs in a test: its own database, topics, token issuer, receiver and producer. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, databaseOfServer, type TestDatabase } from './database.js';
import { Developer, request, type Answer } from './developer.js';
import { ADMIN_TOKEN, Product } from './product.js';
import { Receiver } from './receiver.js';
import { Stream } from './stream.js';
import { TokenIssuer } from './token-issuer.js';

export const LICENSE = '0x1234567890123456789012345678901234567890';

export interface Topics {
  signals: string;
  events: string;
}

/** Servers of a test's own: where it reaches them, and where the product is told that they are. */
export interface OwnParts {
  databaseUrl: string;
  brokers: string;
  /** Where it differs, as behind a proxy. */
  productDatabaseUrl?: string;
}

export class ProductSetup {
  readonly topics: Topics;
  /** What the product is started with; a test may change it before `start`. */
  readonly environment: Record<string, string | undefined>;
  product!: Product;

  private constructor(
    readonly database: TestDatabase,
    readonly issuer: TokenIssuer,
    readonly receiver: Receiver,
    readonly stream: Stream,
    private readonly folder: string,
  ) {
    const name = randomBytes(4).toString('hex');
    this.topics = { signals: `signals-${name}`, events: `events-${name}` };
    this.environment = {
      DATABASE_URL: database.url,
      KAFKA_GROUP_ID: `group-${name}`,
      DEVICE_SIGNALS_TOPIC: this.topics.signals,
      DEVICE_EVENTS_TOPIC: this.topics.events,
      JWK_KEY_SET_URL: issuer.jwksUrl,
      NODE_EXTRA_CA_CERTS: this.file('ca.pem', receiver.authorityPem),
      TARGET_ALLOW_CIDRS: '127.0.0.0/8',
      QUOTA_PROBES_PER_MINUTE: '1000000',
    };
  }

  /** Makes the parts and the topics, on shared servers unless some of its own are given; the product is not started yet. */
  static async create({
    partitions = 4,
    parts,
  }: { partitions?: number; parts?: OwnParts } = {}): Promise<ProductSetup> {
    const [database, issuer, receiver, stream] = await Promise.all([
      parts ? databaseOfServer(parts.databaseUrl) : createTestDatabase(),
      TokenIssuer.start(),
      Receiver.start(),
      Stream.connect(parts?.brokers),
    ]);
    const setup = new ProductSetup(database, issuer, receiver, stream, mkdtempSync(join(tmpdir(), 'tripline-test-')));
    if (parts) Object.assign(setup.environment, addressesOf(parts));
    await stream.createTopics(Object.values(setup.topics), partitions);
    return setup;
  }

  async start(environment: Record<string, string | undefined> = {}): Promise<Product> {
    this.product = await Product.start({ environment: { ...this.environment, ...environment } });
    return this.product;
  }

  async developer(license = LICENSE): Promise<Developer> {
    const url = () => this.product.url;
    const current = {
      get url() {
        return url();
      },
    };
    return new Developer(current, license, await this.issuer.issue({ license }));
  }

  /** A request as the operator. */
  admin(method: string, path: string, body?: unknown): Promise<Answer> {
    return request(this.product.url, ADMIN_TOKEN, method, path, body);
  }

  /** Writes a file that lives as long as the setup, and gives its path. */
  file(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  async stop(): Promise<void> {
    await this.product?.stop();
    await Promise.all([this.receiver.stop(), this.stream.disconnect(), this.issuer.stop()]);
    await this.database.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function addressesOf({ databaseUrl, brokers, productDatabaseUrl = databaseUrl }: OwnParts): Record<string, string> {
  return { DATABASE_URL: productDatabaseUrl, KAFKA_BROKERS: brokers };
}
