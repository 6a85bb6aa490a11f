/** What came of an attempt or a test, as the REST surface tells it. */
export interface Answered {
  statusCode: number | null;
  error: string | null;
}

/** Why something did not arrive: in a few words, to be grouped by, and what its owner can do. */
export interface Failure {
  /** Without a capital or full stop, so that it fits into a line. */
  words: string;
  /** One or two sentences; undefined where nothing can be said. */
  advice?: string;
}

/** Statuses that say more than their class. */
const STATUSES: Record<number, string> = {
  400: 'Your receiver found the request wrong. The response often says what.',
  401: 'Your receiver refused the sender. Check its signature verification, or the headers that it expects.',
  403: 'Your receiver, or a firewall before it, refused the sender.',
  404: 'There is nothing at this path. Check the URL.',
  405: 'Your receiver takes no POST at this path. Check the URL.',
  408: 'Your receiver gave up waiting for the request.',
  410: 'Your receiver said that it wants nothing any more, so the endpoint was switched off. Verify it to go on.',
  413: 'Your receiver does not take a body of this size.',
  415: 'Your receiver does not take this content type. It can be changed with the endpoint.',
  429: 'Your receiver wants fewer requests. Limit the requests per second of the endpoint.',
  500: 'Your receiver failed. Its log says why.',
  502: 'The proxy before your receiver could not reach it.',
  503: 'Your receiver, or the proxy before it, is not available.',
  504: 'The proxy before your receiver had no answer in time.',
};

const CERTIFICATE_CHAIN: Failure = {
  words: 'certificate not trusted',
  advice:
    'The certificate could not be followed to an authority. Let the server send its intermediate certificates too.',
};
const SELF_SIGNED: Failure = {
  words: 'certificate self-signed',
  advice: 'Use a certificate of a public authority.',
};
const RESET: Failure = {
  words: 'connection reset',
  advice: 'The server closed the connection before it answered. Its log may say why.',
};
const UNREACHABLE: Failure = {
  words: 'host unreachable',
  advice: 'No way leads to the address. Check that the server runs and is on the public internet.',
};
const NO_NAME: Failure = {
  words: 'host name not found',
  advice: 'There is no such name in DNS. Check the URL, or the DNS record.',
};
const NO_DNS: Failure = {
  words: 'DNS did not answer',
  advice: 'The name servers of the host did not answer. It often passes by itself.',
};
const NO_TLS: Failure = {
  words: 'no TLS spoken',
  advice: 'The server does not speak TLS at this port, or no version that is still safe. Check the port.',
};
const NO_ANSWER: Failure = {
  words: 'no answer in time',
  advice: 'Answer 2xx at once and do the work afterwards, or give the endpoint a longer timeout.',
};
const NOT_CONNECTED_IN_TIME: Failure = {
  words: 'connecting timed out',
  advice: 'Nothing answered at the address. A firewall may drop the requests.',
};

/** By the code in brackets at the end of an error, Node's or OpenSSL's. */
const CODES: Record<string, Failure> = {
  ECONNREFUSED: {
    words: 'connection refused',
    advice: 'Nothing listens at this address and port. Start your receiver, or check the port in the URL.',
  },
  ECONNRESET: RESET,
  EPIPE: RESET,
  UND_ERR_SOCKET: RESET,
  ETIMEDOUT: NOT_CONNECTED_IN_TIME,
  UND_ERR_CONNECT_TIMEOUT: NOT_CONNECTED_IN_TIME,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  EPROXY: { words: 'proxy refused', advice: 'The proxy of this installation refused. Tell its operator.' },
  ENOTFOUND: NO_NAME,
  ENODATA: NO_NAME,
  EAI_AGAIN: NO_DNS,
  ETIMEOUT: NO_DNS,
  ESERVFAIL: NO_DNS,
  ESERVERFAIL: NO_DNS,
  CERT_HAS_EXPIRED: { words: 'certificate expired', advice: 'Renew the certificate of your server.' },
  CERT_NOT_YET_VALID: { words: 'certificate not valid yet', advice: 'Check the clock of the server that made it.' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    words: 'certificate for another name',
    advice: 'The certificate is not for the host name in the URL.',
  },
  HOSTNAME_MISMATCH: {
    words: 'certificate for another name',
    advice: 'The certificate is not for the host name in the URL.',
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: SELF_SIGNED,
  SELF_SIGNED_CERT_IN_CHAIN: SELF_SIGNED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CERTIFICATE_CHAIN,
  UNABLE_TO_GET_ISSUER_CERT: CERTIFICATE_CHAIN,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CERTIFICATE_CHAIN,
  EPROTO: NO_TLS,
};

/** By how an error begins, where it has no code or none of those above. */
const BEGINNINGS: readonly (readonly [string, Failure])[] = [
  ['No complete answer in time', NO_ANSWER],
  [
    'The connection failed',
    { words: 'connection failed', advice: 'Check that your receiver runs and can be reached.' },
  ],
  ['The TLS handshake failed', { words: 'TLS handshake failed', advice: 'Check the certificate of your server.' }],
  ['The host name could not be resolved', { words: 'host name not resolved', advice: 'Check the host in the URL.' }],
  ['The answer broke off', { words: 'answer broke off', advice: 'The server closed the connection amid its answer.' }],
  [
    'The target is no https URL',
    { words: 'address not allowed', advice: 'Only https URLs of public addresses are sent to. Change the URL.' },
  ],
  [
    'No request can be made',
    { words: 'could not be signed', advice: 'Its secret cannot be read. Rotate the secret, then send it again.' },
  ],
  ['expired', { words: 'waited too long', advice: 'It could not be sent before its time was over.' }],
  [
    'pending_limit',
    { words: 'too many pending', advice: 'Too many deliveries waited already. Recover it when there are fewer.' },
  ],
  ['gated', { words: 'license is gated', advice: 'Nothing is sent for this license. Its operator can lift this.' }],
];

const TLS_CODE = /^ERR_(O?SSL|TLS)_/;

/** Tells a failure in words; undefined for what was answered 2xx, or has not been tried. */
export function failureOf({ statusCode, error }: Answered): Failure | undefined {
  if (statusCode !== null) return statusCode >= 200 && statusCode < 300 ? undefined : ofStatus(statusCode);
  if (error === null) return undefined;
  const code = /\(([A-Z0-9_]+)\)\.?$/.exec(error)?.[1];
  if (code !== undefined && CODES[code]) return CODES[code];
  if (code !== undefined && TLS_CODE.test(code)) return NO_TLS;
  const known = BEGINNINGS.find(([beginning]) => error.startsWith(beginning));
  return known?.[1] ?? { words: plain(error) };
}

function ofStatus(statusCode: number): Failure {
  const words = `answered ${statusCode}`;
  if (statusCode >= 300 && statusCode < 400) {
    return { words, advice: 'Redirects are not followed. Use the URL that it leads to.' };
  }
  const advice = STATUSES[statusCode] ?? ofClass(statusCode);
  return advice === undefined ? { words } : { words, advice };
}

function ofClass(statusCode: number): string | undefined {
  if (statusCode >= 500) return 'Your receiver failed. Its log says why.';
  return statusCode >= 400 ? 'Your receiver refused the request. The response often says why.' : undefined;
}

/** A sentence as a part of one. */
function plain(sentence: string): string {
  const text = sentence.replace(/\.$/, '');
  return /^[A-Z][a-z]/.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}

/** What came of one attempt: "answered 200", "connection refused". */
export function attemptWords(attempt: Answered): string {
  return failureOf(attempt)?.words ?? (attempt.statusCode === null ? 'not answered' : `answered ${attempt.statusCode}`);
}

/** The same at the beginning of a line. */
export function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
