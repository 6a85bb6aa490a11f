/** Targets that nobody may be made to call. `PORT` in a URL is that of the canaries. */

export interface HostileRow {
  url: string;
  /** What the name server says of the URL's name, one answer after the other. */
  answers?: string[][];
  /** The URL itself is refused, whatever stands there. */
  isNoTarget?: true;
}

/** Addresses of all ranges that are not public, and of IPv6 what carries one of them. */
const ADDRESSES = [
  ['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.254', '100.64.0.1', '100.127.255.254', '127.0.0.1', '127.0.0.2'],
  ['127.8.8.8', '169.254.169.254', '169.254.0.1', '172.16.0.1', '172.31.255.254', '192.0.0.1', '192.0.0.192'],
  ['192.0.2.1', '192.88.99.1', '192.168.0.1', '192.168.255.254', '198.18.0.1', '198.19.255.254', '198.51.100.1'],
  ['203.0.113.1', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255'],
  // Unspecified, loopback, compatible, discard, unique local, link-local, site-local, multicast
  ['[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[::127.0.0.1]', '[::10.0.0.1]', '[100::1]', '[fc00::1]', '[fd00:ec2::254]'],
  ['[fe80::1]', '[febf::1]', '[fec0::1]', '[ff02::1]', '[ff0e::1]'],
  // Documentation, Teredo, ORCHID, benchmarking, 6to4, segment routing, unassigned
  ['[2001:db8::1]', '[3fff::1]', '[2001::1]', '[2001:0:7f00:1::1]', '[2001:10::1]', '[2001:20::1]', '[2001:2::1]'],
  ['[2002:7f00:1::1]', '[2002:a00:1::]', '[2002:808:808::1]', '[5f00::1]', '[4000::1]', '[1000::1]'],
  // Mapped, translated (SIIT, NAT64 with either prefix), ISATAP
  ['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::FFFF:10.0.0.1]', '[0:0:0:0:0:ffff:a9fe:a9fe]', '[::ffff:0.0.0.0]'],
  ['[::ffff:0:127.0.0.1]', '[64:ff9b::127.0.0.1]', '[64:ff9b::a00:1]', '[64:ff9b::169.254.169.254]'],
  ['[64:ff9b:1::8.8.8.8]', '[64:ff9b:1::10.0.0.1]', '[2606:4700::5efe:10.0.0.1]', '[2606:4700::200:5efe:7f00:1]'],
].flat();

/** Loopback, private and metadata addresses as URLs may spell them. */
const SPELLINGS = [
  ['2130706433', '0x7f000001', '0X7F.0x0.0x0.0x1', '017700000001', '0177.0.0.1', '0177.0.0.01', '127.1', '127.0.1'],
  ['127.0.0.1.', '0x7f.1', '127.0x0.01', '①②⑦.⓪.⓪.①', '127。0。0。1', '127．0．0．1', '%31%32%37.0.0.1', '0', '0x0'],
  ['10.1', '0xa000001', '012.1', '0xA9FEA9FE', '2852039166', '0251.0376.0251.0376', '169.254.43518', '192.168.257'],
  ['0xc0a80101', '3232235777', '172.1048577', '4294967295'],
].flat();

const LOCAL_NAMES = ['localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'a.b.localhost.', 'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ'];

/** Public for the guard, and never sent anything: what may be dialled is only recorded. */
const PUBLIC = '93.184.215.14';

/** Names of DNS, and what it answers. */
const NAMES: [string, ...string[][]][] = [
  ['loopback.example', ['127.0.0.1']],
  ['loopback6.example', ['::1']],
  ['private.example', ['10.0.0.1']],
  ['metadata.example', ['169.254.169.254']],
  ['metadata6.example', ['fd00:ec2::254']],
  ['unspecified.example', ['0.0.0.0']],
  ['mapped.example', ['::ffff:127.0.0.1']],
  ['nat64.example', ['64:ff9b::10.0.0.1']],
  ['6to4.example', ['2002:7f00:1::1']],
  ['teredo.example', ['2001:0:7f00:1::1']],
  ['mixed.example', [PUBLIC, '127.0.0.1']],
  ['mixed-before.example', ['127.0.0.1', PUBLIC]],
  ['mixed-families.example', [PUBLIC, '::1']],
  ['mixed-mapped.example', [PUBLIC, '2606:4700::1', '::ffff:169.254.169.254']],
  ['many.example', [...Array.from({ length: 20 }, (_, last) => `93.184.215.${last}`), '192.168.0.1']],
  ['Upper-Case.example', ['127.0.0.1']],
  ['xn--exmple-cua.example', ['127.0.0.1']],
  ['several.dots.in.this.example', ['127.0.0.1']],
];

/** Ports of other protocols, also where the address is public. */
const PORTS = [22, 25, 53, 465, 587, 993, 2049, 5060, 6000, 6667, 10080];

const NO_TARGETS = [
  ['', 'https://', 'https:', 'https:///127.0.0.1/', 'https:127.0.0.1', '//127.0.0.1/', '/hook', '127.0.0.1:PORT'],
  [
    'http://127.0.0.1:PORT/',
    'HTTP://127.0.0.1:PORT/',
    'ftp://127.0.0.1/',
    'file:///etc/passwd',
    'gopher://127.0.0.1/_',
  ],
  ['javascript:alert(1)', 'data:text/plain,x', 'ws://127.0.0.1/', 'wss://127.0.0.1:PORT/', 'unix:///run/docker.sock'],
  ['https://user@127.0.0.1:PORT/', 'https://user:password@127.0.0.1:PORT/', 'https://:@127.0.0.1:PORT/x@y'],
  [
    'https://public.example@127.0.0.1:PORT/',
    'https://public.example:443@127.0.0.1:PORT/',
    'https://%40@127.0.0.1/',
    'https://@127.0.0.1:PORT/',
  ],
  ['https://127.0.0.1:0/', 'https://127.0.0.1:65536/', 'https://127.0.0.1:-1/', 'https://127.0.0.1:https/'],
  ['https://public.example\\@127.0.0.1:PORT/', 'https:\\\\127.0.0.1:PORT/', 'https:/\\127.0.0.1:PORT/'],
  [
    ' https://127.0.0.1:PORT/',
    'https://127.0.0.1:PORT/\r\nHost: x',
    'https://127.0.0.1\t:PORT/',
    'https://127.0.0.1 /',
  ],
  ['https://256.1.1.1/', 'https://127.0.0.1.1/', 'https://0x7f.0.0.256/', 'https://1.2.3.08/', 'https://a.1/'],
  ['https://[::1', 'https://[::1%25lo]:PORT/', 'https://[::ffff:127.0.0.256]/', 'https://[127.0.0.1]/', 'https://::1/'],
  [
    `https://127.0.0.1:PORT/${'a'.repeat(2100)}`,
    `https://${'a'.repeat(3000)}.example/`,
    'https://a%00b/',
    'https://%/',
  ],
].flat();

export const HOSTILE_ROWS: HostileRow[] = [
  ...[...ADDRESSES, ...SPELLINGS, ...LOCAL_NAMES].map((host) => ({ url: `https://${host}:PORT/hook` })),
  { url: 'https://127.0.0.1/' },
  { url: 'https://[::1]/' },
  { url: 'HTTPS://127.0.0.1:PORT/?a=https://public.example#@public.example' },
  { url: 'https://127.0.0.1:00PORT/' },
  ...NAMES.map(([name, ...answers]) => ({ url: `https://${name}:PORT/hook`, answers })),
  { url: 'https://trailing-dot.example.:PORT/', answers: [['127.0.0.1']] },
  { url: 'https://exämple.example:PORT/', answers: [['127.0.0.1']] },
  { url: 'https://ＦＵＬＬ-width.example:PORT/', answers: [['10.0.0.1']] },
  ...PORTS.map((port) => ({ url: `https://ports.example:${port}/`, answers: [[PUBLIC]] })),
  ...PORTS.slice(0, 3).map((port) => ({ url: `https://${PUBLIC}:${port}/` })),
  ...NO_TARGETS.map((url): HostileRow => ({ url, isNoTarget: true })),
];
