import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/**
 * IPv4 that is not globally reachable, or not a single host (IANA's special-purpose registry, RFC 6890; 6to4 relays,
 * RFC 7526; multicast, RFC 5771; reserved and broadcast, RFC 1112).
 */
const BLOCKED_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** The only IPv6 block from which global unicast addresses are handed out (RFC 4291, section 2.4). */
const GLOBAL_UNICAST = '2000::/3';

/** Within it: protocol assignments with Teredo and benchmarking (RFC 2928), documentation (3849, 9637), 6to4 (3056). */
const BLOCKED_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/**
 * Ports of other protocols, whose servers could take lines of a request for commands: those that browsers refuse
 * ("bad ports" of the Fetch Standard, section 2.9).
 */
const FOREIGN_PORTS = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/**
 * Decides which addresses a request to a developer's target may go to: public unicast ones, at ports that are not those
 * of other protocols, and what the operator opened, at any port.
 * An IPv6 address that only carries an IPv4 one (`::ffff:a.b.c.d`, NAT64, ISATAP) is judged by what it carries.
 * `allow` holds CIDRs, single addresses, and `address:port` pairs (`127.0.0.1:8443`, `[::1]:8443`) that open this port
 * alone; the constructor throws on an entry that is none of these.
 */
export class AddressGuard {
  private readonly blocked = blockListOf([...BLOCKED_IPV4, ...BLOCKED_IPV6]);
  private readonly globalUnicast = blockListOf([GLOBAL_UNICAST]);
  private readonly allowed = new BlockList();
  private readonly allowedPairs = new Set<string>();

  constructor({ allow }: { allow: readonly string[] }) {
    for (const entry of allow) {
      const pair = parsePair(entry);
      if (pair) this.allowedPairs.add(pairKey(pair.address, pair.port));
      else addSubnet(this.allowed, entry);
    }
  }

  /** `address` is an IP address in any spelling that node:net accepts; whatever else is blocked. */
  judge(address: string, port: number): 'allowed' | 'blocked' {
    const words = wordsOf(address);
    const plain = words ? mappedIPv4(words) : isIPv4(address) ? address : undefined;
    const isOpened =
      (words !== undefined && this.isOpened(canonical(address), port)) ||
      (plain !== undefined && this.isOpened(plain, port));
    if (isOpened) return 'allowed';
    if (FOREIGN_PORTS.has(port)) return 'blocked';
    if (plain !== undefined) return this.isPublic(plain) ? 'allowed' : 'blocked';
    return words && this.isPublicIPv6(address, words) ? 'allowed' : 'blocked';
  }

  private isPublicIPv6(address: string, words: readonly number[]): boolean {
    // Another network is behind a translator, so that what the operator opened in this one does not count there.
    const translated = translatedIPv4(words);
    if (translated) return this.isPublic(translated);
    const tunnelled = isatapIPv4(words);
    if (tunnelled && !this.isPublic(tunnelled)) return false;
    return this.globalUnicast.check(address, 'ipv6') && this.isPublic(address);
  }

  private isOpened(address: string, port: number): boolean {
    return this.allowed.check(address, family(address)) || this.allowedPairs.has(pairKey(address, port));
  }

  private isPublic(address: string): boolean {
    return !this.blocked.check(address, family(address));
  }
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}

function blockListOf(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) addSubnet(list, subnet);
  return list;
}

function addSubnet(list: BlockList, entry: string): void {
  const [address = '', prefixText, ...rest] = entry.split('/');
  const bits = isIPv4(address) ? 32 : 128;
  const prefix = prefixText === undefined ? bits : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Infinity;
  if (rest.length > 0 || !isIP(address) || address.includes('%') || prefix > bits) {
    throw new Error(
      `"${entry}" is neither a CIDR (10.0.0.0/8), an IP address nor an address:port pair (127.0.0.1:8443)`,
    );
  }
  list.addSubnet(address, prefix, family(address));
}

function parsePair(entry: string): { address: string; port: number } | undefined {
  const [, bracketed, plain, portText] = /^(?:\[(.+)\]|([\d.]+)):(\d{1,5})$/.exec(entry) ?? [];
  const port = Number(portText);
  if (portText === undefined || port < 1 || port > 65535) return undefined;
  if (bracketed !== undefined) return wordsOf(bracketed) && { address: canonical(bracketed), port };
  return plain !== undefined && isIPv4(plain) ? { address: plain, port } : undefined;
}

function pairKey(address: string, port: number): string {
  return `${address} ${port}`;
}

/** The one spelling that URLs give an IPv6 address: lower case, shortest, without a dotted part. */
function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** The eight 16-bit words of an IPv6 address; undefined for all else, and for scoped ones (`fe80::1%eth0`). */
function wordsOf(address: string): number[] | undefined {
  if (!isIPv6(address) || address.includes('%')) return undefined;
  const [head = '', tail] = canonical(address).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].map((word) => parseInt(word, 16));
}

function startsWith(words: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((word, index) => words[index] === word);
}

function lastIPv4(words: readonly number[]): string {
  const [high = 0, low = 0] = words.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** `::ffff:a.b.c.d` (RFC 4291, section 2.5.5.2): the system connects to the IPv4 address itself. */
function mappedIPv4(words: readonly number[]): string | undefined {
  return startsWith(words, [0, 0, 0, 0, 0, 0xffff]) ? lastIPv4(words) : undefined;
}

/** NAT64's well-known prefix `64:ff9b::/96` (RFC 6052), by which hosts without IPv4 reach public IPv4 addresses. */
function translatedIPv4(words: readonly number[]): string | undefined {
  return startsWith(words, [0x64, 0xff9b, 0, 0, 0, 0]) ? lastIPv4(words) : undefined;
}

/** ISATAP (RFC 5214): under any prefix, an interface identifier that names the IPv4 address behind the tunnel. */
function isatapIPv4(words: readonly number[]): string | undefined {
  return (words[4]! & ~0x0200) === 0 && words[5] === 0x5efe ? lastIPv4(words) : undefined;
}
