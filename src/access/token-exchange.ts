import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import type { MethodDefinition } from '@grpc/proto-loader';
import type { Verdict } from './permission-provider.js';

interface AccessCheckRequest {
  grantee: string;
  asset: string;
  privileges: readonly string[];
}

/** DIMO's answer. Proto3 cannot tell "false" from "not set", so `has_access: false` alone is no "no". */
export interface AccessCheckResponse {
  has_access: boolean;
  reason: string;
  rich_error: { code: number; external_msg: string; err: string } | null;
}

/**
 * Why there was no verdict: `outage` when the service could not be reached, not in time, or has enough to do, `error` when
 * it answered with one, `unasked` when no call was made.
 */
export type AccessAnswer =
  { kind: 'verdict'; verdict: 'granted' | 'denied' } | { kind: 'outage' | 'error' | 'unasked'; message: string };

/** In `rich_error.code` the service uses HTTP's numbers: this one is its "no". */
const FORBIDDEN = 403;

/** An answer has a few dozen bytes; texts of errors may make it longer. */
const ANSWER_BYTES_MAX = 64 * 1024;

/** After an outage the service is found again within this time; gRPC's default is two minutes. */
const RECONNECT_BACKOFF_MAX_MS = 5000;

/** Go servers close a connection that pings more often than every five minutes. */
const KEEPALIVE_MS = 330_000;

const OUTAGES: readonly status[] = [
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.CANCELLED,
  status.RESOURCE_EXHAUSTED,
];

/**
 * The part of the token-exchange protocol that is used, as a descriptor instead of a `.proto` file: there is nothing to
 * copy into a build. Names and numbers are the wire format.
 */
const METHOD = fromJSON(
  {
    nested: {
      grpc: {
        nested: {
          TokenExchangeService: {
            methods: {
              AccessCheck: {
                requestType: 'AccessCheckRequest',
                responseType: 'AccessCheckResponse',
                comment: 'Whether the grantee holds every one of the privileges on the asset.',
              },
            },
          },
          AccessCheckRequest: {
            fields: {
              grantee: { type: 'string', id: 1 },
              asset: { type: 'string', id: 2 },
              privileges: { rule: 'repeated', type: 'string', id: 3 },
            },
          },
          AccessCheckResponse: {
            fields: {
              has_access: { type: 'bool', id: 1 },
              reason: { type: 'string', id: 2 },
              rich_error: { type: 'RichError', id: 3 },
            },
          },
          RichError: {
            fields: {
              code: { type: 'int32', id: 1 },
              external_msg: { type: 'string', id: 2 },
              err: { type: 'string', id: 3 },
            },
          },
        },
      },
    },
  },
  { keepCase: true, defaults: true },
)['grpc.TokenExchangeService'] as unknown as {
  AccessCheck: MethodDefinition<AccessCheckRequest, AccessCheckResponse>;
};

/** Asks DIMO's token-exchange service over gRPC, without TLS: it is reached inside the cluster. */
export class TokenExchange {
  private readonly client: Client;

  constructor(private readonly options: { address: string; timeoutMs: number }) {
    this.client = new Client(options.address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': ANSWER_BYTES_MAX,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': RECONNECT_BACKOFF_MAX_MS,
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
    });
  }

  /** One AccessCheck call: whether `license` holds every one of `permissions` on `vehicle`. Never rejects. */
  accessCheck(license: string, vehicle: string, permissions: readonly string[]): Promise<AccessAnswer> {
    const { path, requestSerialize, responseDeserialize } = METHOD.AccessCheck;
    const request = { grantee: license, asset: vehicle, privileges: permissions };
    const deadline = Date.now() + this.options.timeoutMs;
    return new Promise<AccessAnswer>((resolve) => {
      this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        new Metadata(),
        { deadline },
        (error, response) => resolve(error ? readError(error) : readAnswer(response)),
      );
      // A closed client throws instead of calling back.
    }).catch((error: unknown) => ({ kind: 'outage', message: String(error) }));
  }

  close(): void {
    this.client.close();
  }
}

/** What an answer means. Only an explicit 403 is a "no": any other false is the service's trouble. */
export function readAnswer(response: AccessCheckResponse | undefined): AccessAnswer {
  if (!response) return { kind: 'error', message: 'The answer is empty' };
  if (response.has_access) return { kind: 'verdict', verdict: 'granted' };
  const code = response.rich_error?.code ?? 0;
  if (code === FORBIDDEN) return { kind: 'verdict', verdict: 'denied' };
  return { kind: 'error', message: `No access, but with code ${code}: ${response.rich_error?.err || response.reason}` };
}

function readError(error: ServiceError): AccessAnswer {
  return { kind: OUTAGES.includes(error.code) ? 'outage' : 'error', message: error.message };
}

/** The verdict in an answer. */
export function verdictOf(answer: AccessAnswer): Verdict {
  return answer.kind === 'verdict' ? answer.verdict : 'unknown';
}
