import { lookup, Resolver } from 'node:dns/promises';

/** All addresses of a host name, at least one. Rejects with an Error that has DNS's `code`. */
export type ResolveName = (hostname: string) => Promise<string[]>;

const QUERY_TIMEOUT_MS = 2_000;
const QUERY_TRIES = 2;
/** Names that may wait for the system's resolver; above it they count as not found. */
const WAITING_MAX = 32;

export interface ResolverOptions {
  /** Name servers, as `address:port`; default: the system's. */
  servers?: string[];
  queryTimeoutMs?: number;
  /** The system's resolver. */
  system?: (hostname: string, options: { all: true; order: 'ipv4first' }) => Promise<{ address: string }[]>;
}

/**
 * Resolves names by DNS queries that block no thread. The system's resolver (`getaddrinfo`, which reads the hosts file)
 * runs in libuv's pool of four threads, so that four names with a dead name server would stop all others, files and
 * ciphers included: it is asked only for names that DNS denies, one at a time.
 */
export function createResolver({ servers, queryTimeoutMs = QUERY_TIMEOUT_MS, system = lookup }: ResolverOptions = {}) {
  const resolver = new Resolver({ timeout: queryTimeoutMs, tries: QUERY_TRIES });
  if (servers) resolver.setServers(servers);
  const askSystem = oneAtATime(async (hostname) => {
    const found = await system(hostname, { all: true, order: 'ipv4first' });
    return found.map(({ address }) => address);
  });
  return async (hostname: string): Promise<string[]> => {
    // Never asked of the network (RFC 6761, section 6.3). IPv4 alone, so that opening 127.0.0.1 is enough.
    if (/(^|\.)localhost\.?$/i.test(hostname)) return ['127.0.0.1'];
    const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (addresses.length > 0) return addresses;
    for (const answer of answers) {
      if (answer.status === 'rejected' && (answer.reason as NodeJS.ErrnoException).code === 'ETIMEOUT')
        throw answer.reason;
    }
    return askSystem(hostname);
  };
}

/** Calls `resolve` for one name after the other. */
function oneAtATime(resolve: ResolveName): ResolveName {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return (hostname) => {
    if (waiting >= WAITING_MAX) throw Object.assign(new Error('Too many names wait to be resolved'), { code: 'EBUSY' });
    waiting++;
    const turn = last.then(() => resolve(hostname)).finally(() => waiting--);
    last = turn.catch(() => undefined);
    return turn;
  };
}
