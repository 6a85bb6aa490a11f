/** A DNS server on loopback (RFC 1035) that answers as its test wants: with any address, another one each time, or not. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const TYPE_A = 1;
const NAME_UNKNOWN = 3;
const HEADER_BYTES = 12;

export class NameServer {
  /** The names of the queries so far, in lower case, each once for IPv4 and once for IPv6. */
  readonly asked: string[] = [];
  private readonly names = new Map<string, string[][]>();

  private constructor(private readonly socket: Socket) {}

  static async start(): Promise<NameServer> {
    const socket = createSocket('udp4');
    const server = new NameServer(socket);
    socket.on('message', (query, { port, address }) => {
      const answer = server.answer(query);
      if (answer) socket.send(answer, port, address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return server;
  }

  /** As `createResolver` takes it. */
  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  /** `answers` are given one after the other, the last one for ever; without any, queries of the name get none. */
  know(name: string, ...answers: string[][]): void {
    this.names.set(name, answers);
  }

  stop(): void {
    this.socket.close();
  }

  private answer(query: Buffer): Buffer | undefined {
    const { name, end } = readName(query);
    const type = query.readUInt16BE(end);
    const known = this.names.get(name);
    const earlier = this.asked.filter((asked) => asked === `${name} ${type}`).length;
    this.asked.push(`${name} ${type}`);
    if (known?.length === 0) return undefined;
    const addresses = known?.[Math.min(earlier, known.length - 1)] ?? [];
    const records = addresses.filter((address) => address.includes(':') === (type !== TYPE_A)).map(bytesOf);
    const header = Buffer.from(query.subarray(0, HEADER_BYTES));
    header.writeUInt16BE(0x8180 | (known ? 0 : NAME_UNKNOWN), 2);
    header.writeUInt16BE(records.length, 6);
    header.writeUInt32BE(0, 8);
    // Each names the question's name, class IN, and lives for no time at all.
    const fixed = (length: number) => Buffer.from([0xc0, HEADER_BYTES, 0, type, 0, 1, 0, 0, 0, 0, 0, length]);
    const body = records.flatMap((bytes) => [fixed(bytes.length), bytes]);
    return Buffer.concat([header, query.subarray(HEADER_BYTES, end + 4), ...body]);
  }
}

/** The name that a query asks for, and where it ends. */
function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let position = HEADER_BYTES;
  for (let length = query[position]!; length > 0; length = query[position]!) {
    labels.push(query.toString('latin1', position + 1, position + 1 + length));
    position += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: position + 1 };
}

function bytesOf(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const words = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return Buffer.from(words.map((word) => word.padStart(4, '0')).join(''), 'hex');
}
