import { join } from 'node:path';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall, UntypedHandleCall } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/proto-loader';

const SERVICE = loadSync(join(import.meta.dirname, 'token-exchange.proto'), { keepCase: true, defaults: true })[
  'grpc.TokenExchangeService'
] as ServiceDefinition;

export interface AccessRequest {
  grantee: string;
  asset: string;
  privileges: string[];
}

export interface AccessResponse {
  has_access?: boolean;
  reason?: string;
  rich_error?: { code?: number; external_msg?: string; err?: string };
}

/** Thrown by `answer` to end a call with a gRPC status instead of an answer. */
export class CallError extends Error {
  constructor(
    readonly code: status,
    readonly details = 'as the test wants it',
  ) {
    super(details);
  }
}

/** DIMO's token-exchange service as far as it is used, over real gRPC on loopback: it answers from a table of grants. */
export class TokenExchangeServer {
  /** Permissions by `<license in lower case> <vehicle>`. */
  readonly grants = new Map<string, readonly string[]>();
  readonly calls: AccessRequest[] = [];
  /** The most calls that were open at one time. */
  maxOpen = 0;
  /** Decides for each call; from the table unless replaced. It may wait, or throw a `CallError`. */
  answer: (request: AccessRequest) => AccessResponse | Promise<AccessResponse> = (request) => this.fromTable(request);
  private open = 0;

  private constructor(
    private readonly server: Server,
    public port = 0,
  ) {}

  /** On a free port, unless one is given: that of a server that was stopped. */
  static async start(port = 0): Promise<TokenExchangeServer> {
    const exchange = new TokenExchangeServer(new Server());
    const accessCheck = (call: ServerUnaryCall<AccessRequest, AccessResponse>, done: sendUnaryData<AccessResponse>) =>
      void exchange.handle(call.request, done);
    exchange.server.addService(SERVICE, { AccessCheck: accessCheck as UntypedHandleCall });
    exchange.port = await new Promise<number>((resolve, reject) => {
      exchange.server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    return exchange;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  grant(license: string, vehicle: string, permissions: readonly string[]): void {
    this.grants.set(keyOf(license, vehicle), permissions);
  }

  revoke(license: string, vehicle: string): void {
    this.grants.delete(keyOf(license, vehicle));
  }

  /** Drops every call and connection. */
  stop(): void {
    this.server.forceShutdown();
  }

  /** What the table says, in the words of the real service. */
  fromTable({ grantee, asset, privileges }: AccessRequest): AccessResponse {
    if (grantee === '' || !asset.startsWith('did:erc721:')) throw new CallError(status.UNKNOWN, 'invalid request');
    const held = this.grants.get(keyOf(grantee, asset)) ?? [];
    if (privileges.every((privilege) => held.includes(privilege))) return { has_access: true };
    return { has_access: false, reason: 'missing privileges', rich_error: { code: 403, external_msg: 'no access' } };
  }

  private async handle(request: AccessRequest, done: sendUnaryData<AccessResponse>): Promise<void> {
    this.calls.push(request);
    this.open += 1;
    this.maxOpen = Math.max(this.maxOpen, this.open);
    try {
      done(null, await this.answer(request));
    } catch (error) {
      const { code, details } = error instanceof CallError ? error : new CallError(status.INTERNAL, String(error));
      done({ code, details });
    } finally {
      this.open -= 1;
    }
  }
}

function keyOf(license: string, vehicle: string): string {
  return `${license.toLowerCase()} ${vehicle}`;
}
