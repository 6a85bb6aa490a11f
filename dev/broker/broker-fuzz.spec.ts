import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { BrokerServer } from './broker-server.js';
import { WireReader } from './wire-reader.js';
import { WireWriter } from './wire-writer.js';

const { Partitioners, logLevel } = kafkajs;
const TOPIC = 'signals';
const FRAMES = 2000;
const FRAMES_PER_CONNECTION = 4;

let server: BrokerServer;
let address: string;
let failures: string[];

beforeEach(async () => {
  failures = [];
  server = new BrokerServer({ partitions: 1, maxRequestBytes: 1_000_000 }, { log: (line) => failures.push(line) });
  address = await server.start();
  server.createTopic(TOPIC);
});

afterEach(() => server.stop());

async function connect(): Promise<net.Socket> {
  const socket = net.connect(Number(address.split(':')[1]), '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

/** mulberry32: a small generator, so that each run sends the same bytes. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function frame(apiKey: number, version: number, body: WireWriter): Buffer {
  const header = new WireWriter().int16(apiKey).int16(version).int32(7).nullableString('fuzz');
  const [, ...headerBytes] = header.frame(0);
  const [, ...bodyBytes] = body.frame(0);
  const request = Buffer.concat([...headerBytes, ...bodyBytes]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(request.length);
  return Buffer.concat([length, request]);
}

const topicList = (writer: WireWriter, writePartition: () => void): WireWriter =>
  writer.array([TOPIC], (topic) => writer.string(topic).array([0], writePartition));

/** One well-formed request of each shape. */
function templates(): Buffer[] {
  const produce = new WireWriter().nullableString(undefined).int16(1).int32(1000);
  topicList(produce, () => produce.int32(0).byteString(Buffer.alloc(80, 2)));
  const fetch = new WireWriter().int32(-1).int32(5).int32(1).int32(1_000_000).int8(0).int32(0).int32(-1);
  topicList(fetch, () => fetch.int32(0).int32(-1).int64(0).int64(0).int32(1000)).int32(0);
  const list = new WireWriter().int32(-1).int8(0);
  topicList(list, () => list.int32(0).int32(-1).int64(-1));
  const commit = new WireWriter().string('fuzzed').int32(-1).string('').nullableString(undefined);
  topicList(commit, () => commit.int32(0).int64(3).int32(-1).nullableString('note'));
  const fetchOffsets = new WireWriter().string('fuzzed');
  topicList(fetchOffsets, () => fetchOffsets.int32(0));
  const join = new WireWriter().string('fuzzed').int32(50).int32(50).string('').nullableString(undefined);
  join.string('consumer').array(['range'], (name) => join.string(name).byteString(Buffer.from('meta')));
  const sync = new WireWriter().string('fuzzed').int32(1).string('me').nullableString(undefined);
  sync.array(['me'], (member) => sync.string(member).byteString(Buffer.from('part')));
  const create = new WireWriter();
  create.array(['new'], (name) => create.string(name).int32(1).int16(1).int32(0).int32(0));
  create.int32(1000).boolean(false);
  const deleteRecords = new WireWriter();
  topicList(deleteRecords, () => deleteRecords.int32(0).int64(0)).int32(1000);
  const describe = new WireWriter();
  describe.array([TOPIC], (name) => describe.int8(2).string(name).int32(-1)).boolean(false);
  const names = (): WireWriter => {
    const writer = new WireWriter();
    return writer.array(['one', 'two'], (name) => writer.string(name)).int32(1000);
  };
  const member = new WireWriter().string('fuzzed').int32(1).string('me').nullableString(undefined);
  const bodies: [number, number, WireWriter][] = [
    [0, 7, produce],
    [1, 11, fetch],
    [2, 5, list],
    [3, 8, names()],
    [8, 7, commit],
    [9, 5, fetchOffsets],
    [10, 2, new WireWriter().string('fuzzed').int8(0)],
    [11, 5, join],
    [12, 3, member],
    [14, 3, sync],
    [15, 4, names()],
    [16, 2, new WireWriter()],
    [18, 2, new WireWriter()],
    [19, 4, create],
    [20, 3, names()],
    [21, 1, deleteRecords],
    [22, 1, new WireWriter().nullableString(undefined).int32(1000)],
    [32, 2, describe],
    [42, 1, names()],
  ];
  return bodies.map(([apiKey, version, body]) => frame(apiKey, version, body));
}

/** A template with some bytes overwritten, often with extreme ones; sometimes cut, and with a length that fits again. */
function mutate(template: Buffer, random: (below: number) => number): Buffer {
  const bytes = Buffer.from(template);
  for (let change = random(6); change > 0; change--) {
    const extreme = [0, 1, 0x7f, 0x80, 0xff][random(5)] ?? 0;
    bytes[4 + random(bytes.length - 4)] = random(2) === 0 ? extreme : random(256);
  }
  const cut = random(4) === 0 ? bytes.subarray(0, 4 + random(bytes.length - 4)) : bytes;
  cut.writeInt32BE(cut.length - 4);
  return cut;
}

function randomFrame(random: (below: number) => number): Buffer {
  const bytes = Buffer.from(Array.from({ length: 4 + random(200) }, () => random(256)));
  bytes.writeInt32BE(bytes.length - 4);
  if (bytes.length >= 8) bytes.writeInt16BE(random(45), 4);
  return bytes;
}

async function expectGoodClientServed(): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [address], logLevel: logLevel.NOTHING, retry: { retries: 2 } });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const [sent] = await producer.send({ topic: TOPIC, messages: [{ value: 'still here' }] });
  await producer.disconnect();
  expect(sent).toMatchObject({ errorCode: 0, partition: 0 });
}

test(`${FRAMES} random and mutated requests end connections at most, and a good client is served after them`, async () => {
  const random = seeded(20_261_122);
  const shapes = templates();
  for (let sent = 0; sent < FRAMES; sent += FRAMES_PER_CONNECTION) {
    const socket = await connect();
    socket.resume();
    for (let count = 0; count < FRAMES_PER_CONNECTION; count++) {
      const template = shapes[random(shapes.length)] ?? Buffer.alloc(8);
      socket.write(random(5) === 0 ? randomFrame(random) : mutate(template, random));
    }
    socket.end();
    if (sent % 200 === 0) socket.destroy();
    else if (!socket.closed) await Promise.race([once(socket, 'close'), once(socket, 'end')]);
    socket.destroy();
  }
  expect(failures).toEqual([]);
  await expectGoodClientServed();
}, 20_000);

test('each template is answered, so that its mutations reach what is behind the header', async () => {
  for (const template of templates()) {
    const socket = await connect();
    socket.write(template);
    const [answer] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [unknown];
    expect(Buffer.isBuffer(answer)).toBe(true);
    expect(new WireReader(answer as Buffer).int32()).toBe((answer as Buffer).length - 4);
    socket.destroy();
  }
  expect(failures).toEqual([]);
});

test.each([
  ['larger than the limit', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
  ['of negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ['without a header', Buffer.from([0, 0, 0, 1, 0])],
  ['of an unknown kind', frame(999, 0, new WireWriter())],
  ['of an unknown version', frame(3, 99, new WireWriter())],
  ['with an array longer than itself', frame(3, 8, new WireWriter().int32(2 ** 30))],
])('a request %s ends its connection and no other', async (_, bytes) => {
  const [bad, good] = [await connect(), await connect()];
  bad.write(bytes);
  await once(bad, 'close');
  good.write(frame(18, 0, new WireWriter()));
  await once(good, 'data');
  good.destroy();
  expect(failures).toEqual([]);
});

test('a request that arrives byte by byte is answered once it is whole, after the one before it', async () => {
  const socket = await connect();
  socket.setNoDelay(true);
  for (const byte of Buffer.concat([frame(18, 0, new WireWriter()), frame(16, 0, new WireWriter())])) {
    socket.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  const received: Buffer[] = [];
  while (Buffer.concat(received).length < 4 + 136 + 4 + 10)
    received.push(((await once(socket, 'data')) as [Buffer])[0]);
  socket.destroy();
  const first = Buffer.concat(received).readInt32BE(0);
  expect([first, Buffer.concat(received).readInt32BE(4 + first)]).toEqual([136, 10]);
});

test('a newer ApiVersions is answered with what is understood, as version 0', async () => {
  const socket = await connect();
  socket.write(frame(18, 4, new WireWriter()));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  const reader = new WireReader(answer.subarray(8));
  expect(reader.int16()).toBe(35);
  const apis = reader.array(() => [reader.int16(), reader.int16(), reader.int16()]);
  expect(apis).toContainEqual([1, 4, 11]);
});
