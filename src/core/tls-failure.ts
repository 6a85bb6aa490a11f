/** Codes of OpenSSL's verification and of Node's TLS; a network that is away has none of them. */
const TLS_CODE =
  /^(ERR_(O?SSL|TLS)_|EPROTO$|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE))/;
/** What Node says of a server that hangs up instead of shaking hands. */
const NO_HANDSHAKE = /before secure TLS connection was established/;

interface Failure {
  code?: unknown;
  message?: unknown;
}

/** Whether an error says that no TLS connection came about: what was shown was not believed, or no TLS was spoken. */
export function isTlsFailure({ code }: Failure): boolean {
  return typeof code === 'string' && TLS_CODE.test(code);
}

/**
 * Whether a server hung up before any TLS: those do that speak none, but so does whatever restarts, or stands before a
 * server that does. Waiting may heal it.
 */
export function isWithoutHandshake({ message }: Failure): boolean {
  return typeof message === 'string' && NO_HANDSHAKE.test(message);
}
