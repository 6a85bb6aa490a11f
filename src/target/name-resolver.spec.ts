import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createResolver } from './name-resolver.js';

const TYPE_A = 1;
const NAME_UNKNOWN = 3;

/** What the name server of this spec knows; it says nothing at all about `silent.example`. */
const RECORDS: Record<string, string[]> = {
  'both.example': ['198.51.100.7', '2001:db8::7'],
  'four.example': ['198.51.100.8', '198.51.100.9'],
  'six.example': ['2001:db8::8'],
};

const server = createSocket('udp4');
let servers: string[];

beforeAll(async () => {
  server.on('message', (query, { port, address }) => {
    const { name, end } = readName(query);
    if (name === 'silent.example') return;
    server.send(answer(query.subarray(0, end + 4), name), port, address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  servers = [`127.0.0.1:${server.address().port}`];
});

afterAll(() => {
  server.close();
});

/** The name that a DNS query asks for, and where it ends (RFC 1035, section 4.1.2). */
function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let position = 12;
  for (let length = query[position]!; length > 0; length = query[position]!) {
    labels.push(query.toString('latin1', position + 1, position + 1 + length));
    position += length + 1;
  }
  return { name: labels.join('.'), end: position + 1 };
}

function answer(query: Buffer, name: string): Buffer {
  const type = query.readUInt16BE(query.length - 4);
  const known = RECORDS[name.toLowerCase()];
  const addresses = (known ?? []).filter((address) => address.includes(':') === (type !== TYPE_A));
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180 | (known ? 0 : NAME_UNKNOWN), 2);
  header.writeUInt16BE(addresses.length, 6);
  header.writeUInt32BE(0, 8);
  const records = addresses.map((address) => {
    const bytes = addressBytes(address);
    const fixed = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length]);
    return Buffer.concat([fixed, bytes]);
  });
  return Buffer.concat([header, query.subarray(12), ...records]);
}

function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const [head, tail] = address.split('::') as [string, string];
  const bytes = Buffer.alloc(16);
  head.split(':').forEach((word, index) => bytes.writeUInt16BE(parseInt(word, 16), index * 2));
  bytes.writeUInt16BE(parseInt(tail, 16), 14);
  return bytes;
}

describe('a name is asked of DNS first', () => {
  const system = () => Promise.reject(new Error('the system is not to be asked'));

  test.each([
    ['both.example', ['198.51.100.7', '2001:db8::7']],
    ['four.example', ['198.51.100.8', '198.51.100.9']],
    ['six.example', ['2001:db8::8']],
    ['localhost', ['127.0.0.1']],
    ['LOCALHOST.', ['127.0.0.1']],
    ['any.localhost', ['127.0.0.1']],
  ])('%s', async (name, expected) => {
    const resolve = createResolver({ servers, system });
    expect((await resolve(name)).sort()).toEqual(expected);
  });

  test('a server that does not answer is not replaced by the system, whose threads it would hold', async () => {
    const resolve = createResolver({ servers, system, queryTimeoutMs: 20 });
    await expect(resolve('silent.example')).rejects.toMatchObject({ code: 'ETIMEOUT' });
  });
});

describe('what DNS does not know is asked of the system', () => {
  test('which may know it from the hosts file', async () => {
    const system = () => Promise.resolve([{ address: '192.0.2.1' }]);
    expect(await createResolver({ servers, system })('inside.example')).toEqual(['192.0.2.1']);
  });

  test('and whose answer is the last one', async () => {
    const system = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    await expect(createResolver({ servers, system })('inside.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  test('one name at a time, of a limited number', async () => {
    const asked: string[] = [];
    const answers: ((found: { address: string }[]) => void)[] = [];
    const system = (name: string) => {
      asked.push(name);
      return new Promise<{ address: string }[]>((resolve) => answers.push(resolve));
    };
    const resolve = createResolver({ servers, system });
    let refused = 0;
    const results = Promise.allSettled(
      Array.from({ length: 40 }, (_, n) => resolve(`${n}.example`).finally(() => answers.length < 2 && refused++)),
    );
    while (refused < 8) await new Promise(setImmediate);
    // Each answer lets the next name in.
    for (let turn = 0; turn < 32; turn++) {
      while (answers.length <= turn) await new Promise(setImmediate);
      expect(asked).toHaveLength(turn + 1);
      answers[turn]!([{ address: '192.0.2.1' }]);
    }
    const statuses = (await results).map((result) =>
      result.status === 'fulfilled' ? 'found' : (result.reason as NodeJS.ErrnoException).code,
    );
    expect(statuses.filter((status) => status === 'found')).toHaveLength(32);
    expect(statuses.filter((status) => status === 'EBUSY')).toHaveLength(8);
  });
});
