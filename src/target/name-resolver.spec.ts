import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { NameServer } from '../../test/support/name-server.js';
import { createResolver } from './name-resolver.js';

let server: NameServer;
let servers: string[];

beforeAll(async () => {
  server = await NameServer.start();
  servers = [server.address];
  server.know('both.example', ['198.51.100.7', '2001:db8::7']);
  server.know('four.example', ['198.51.100.8', '198.51.100.9']);
  server.know('six.example', ['2001:db8::8']);
  server.know('silent.example');
});

afterAll(() => server.stop());

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
