/** A PostgreSQL server of a test's own, which it may kill and restart on the same address. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Certificate } from '../../dev/certificates.js';
import { accountToRunAs, type Account } from '../../dev/postgres/account.js';
import { ids, nativeDirectory, runnableBinaries } from '../../dev/postgres/binaries.js';
import { freePort } from './free-port.js';
import { OwnChild } from './own-child.js';

const START_PATIENCE_MS = 60_000;

/** Nothing is asked to survive the loss of power: killed processes leave what they wrote with the kernel. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  dynamic_shared_memory_type: 'mmap',
  max_connections: 200,
  fsync: 'off',
  full_page_writes: 'off',
};

/** With this it takes connections over TLS and with a password alone. */
export interface PostgresSecurity {
  /** Of the superuser. */
  password: string;
  certificate: Certificate;
}

interface Programs {
  path(program: 'initdb' | 'postgres'): string;
  environment: NodeJS.ProcessEnv;
}

export interface PostgresOptions {
  settings?: Record<string, string | number>;
  security?: PostgresSecurity;
  /** The folder that its own one is made in. */
  parent?: string;
}

/** The embedded server, or the one whose programs are in the folder `TEST_POSTGRES_BIN`. */
export class OwnPostgres {
  /** Of its superuser, in the database `postgres`; over TLS without a look at the certificate. */
  readonly url: string;
  private readonly child = new OwnChild({
    spawn: () => this.spawn(),
    answers: () => this.answers(),
    ...{ what: 'PostgreSQL takes connections', patienceMs: START_PATIENCE_MS, lastSignal: 'SIGQUIT' },
  });
  private tls: Record<string, string> = {};

  private constructor(
    private readonly folder: string,
    private readonly programs: Programs,
    private readonly account: Account | undefined,
    readonly port: number,
    private readonly settings: Record<string, string | number>,
    security: PostgresSecurity | undefined,
  ) {
    this.url = security
      ? `postgres://postgres:${security.password}@127.0.0.1:${port}/postgres?sslmode=no-verify`
      : `postgres://postgres@127.0.0.1:${port}/postgres`;
    if (security) this.secure(security.certificate);
  }

  /** Makes a server and starts it. `settings` are PostgreSQL's own. */
  static async start({ settings = {}, security, parent = tmpdir() }: PostgresOptions = {}): Promise<OwnPostgres> {
    const folder = mkdtempSync(join(parent, 'tripline-postgres-'));
    try {
      const account = accountToRunAs(undefined);
      chmodSync(folder, 0o755);
      if (account) chownSync(folder, account.uid, account.gid);
      const programs = programsFor(folder, account);
      initialize(folder, { programs, account, security });
      const server = new OwnPostgres(folder, programs, account, await freePort(), settings, security);
      await server.start().catch(async (error: unknown) => {
        await server.stop('SIGQUIT');
        throw error;
      });
      return server;
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** The folder of its data, whose owner is the account that it runs as. */
  get dataDir(): string {
    return join(this.folder, 'data');
  }

  /** Starts it again; resolves when it takes connections. */
  start(): Promise<void> {
    return this.child.start();
  }

  /** Shows this certificate from the next start on. */
  useCertificate(certificate: Certificate): void {
    this.secure(certificate);
  }

  /** SIGINT, the fast shutdown: connections are cut. SIGQUIT is the immediate one, as after a crash. */
  async stop(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    await this.child.stop(signal);
  }

  /** Whether it ended, asked or not. */
  get hasEnded(): boolean {
    return this.child.hasEnded;
  }

  async restart(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    await this.stop(signal);
    await this.start();
  }

  private secure({ certPem, keyPem }: Certificate): void {
    const place = (name: string, text: string) => {
      const path = join(this.dataDir, name);
      writeFileSync(path, text, { mode: 0o600 });
      if (this.account) chownSync(path, this.account.uid, this.account.gid);
      return path;
    };
    this.tls = { ssl: 'on', ssl_cert_file: place('own.crt', certPem), ssl_key_file: place('own.key', keyPem) };
    place('pg_hba.conf', 'hostssl all all 127.0.0.1/32 scram-sha-256\n');
  }

  /** Stops it for good. */
  async remove(): Promise<void> {
    await this.stop('SIGQUIT');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private spawn() {
    const settings = { ...SETTINGS, ...this.settings, ...this.tls, port: this.port };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return spawn(this.programs.path('postgres'), ['-D', this.dataDir, ...flags], {
      ...ids(this.account),
      ...{ env: this.programs.environment, cwd: '/', stdio: 'ignore' },
    });
  }

  private async answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url });
    client.on('error', () => undefined);
    await client.connect();
    await client.end();
    return true;
  }
}

function initialize(
  folder: string,
  {
    programs,
    account,
    security,
  }: Pick<PostgresOptions, 'security'> & { programs: Programs; account?: Account | undefined },
): void {
  const flags = ['-D', join(folder, 'data'), '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--no-sync'];
  if (security) writeFileSync(join(folder, 'password'), security.password);
  flags.push(...(security ? ['-A', 'scram-sha-256', '--pwfile', join(folder, 'password')] : ['-A', 'trust']));
  execFileSync(programs.path('initdb'), flags, {
    ...ids(account),
    ...{ env: programs.environment, cwd: '/', stdio: 'ignore' },
  });
}

function programsFor(folder: string, account: Account | undefined): Programs {
  const installed = process.env.TEST_POSTGRES_BIN;
  if (installed === undefined) return runnableBinaries({ native: nativeDirectory(), baseDir: folder, account });
  const environment = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
  return { path: (program) => join(installed, program), environment };
}
