import { expect, test } from '@jest/globals';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { KafkaAdmin } from './kafka-admin.js';

const { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } = kafkajs;

/** A kafkajs whose question about topics fails once, and a record of what happened to its connections. */
function failingOnce(error: Error) {
  const did: string[] = [];
  let isFirst = true;
  const admin: Partial<Admin> = {
    connect: () => Promise.resolve(void did.push('connect')),
    disconnect: () => Promise.resolve(void did.push('disconnect')),
    listTopics: () => {
      if (!isFirst) return Promise.resolve(['a']);
      isFirst = false;
      return Promise.reject(error);
    },
  };
  return { did, admin: new KafkaAdmin({ admin: () => admin } as unknown as Kafka) };
}

const answer = new KafkaJSProtocolError(
  Object.assign(new Error('not authorised'), { type: 'TOPIC_AUTHORIZATION_FAILED', code: 29, retriable: false }),
);
const closed = new KafkaJSConnectionError('closed', { broker: 'localhost:1' });
const tried = { retryCount: 5, retryTime: 100 };

test.each<[string, Error, string[]]>([
  ['an answer of the cluster keeps the connection', answer, ['connect']],
  ['so does one that came again and again', new KafkaJSNumberOfRetriesExceeded(answer, tried), ['connect']],
  ['a closed connection makes a new one', closed, ['connect', 'disconnect', 'connect']],
  [
    'so does one that closed again and again',
    new KafkaJSNumberOfRetriesExceeded(closed, tried),
    ['connect', 'disconnect', 'connect'],
  ],
])('%s', async (_, error, expected) => {
  const { admin, did } = failingOnce(error);
  await expect(admin.missing(['a', 'b'])).rejects.toBe(error);
  expect(await admin.missing(['a', 'b'])).toEqual(['b']);
  expect(did).toEqual(expected);
});

test('what is asked after the end makes no connection', async () => {
  const { admin, did } = failingOnce(closed);
  await expect(admin.missing(['a'])).rejects.toBe(closed);
  await admin.close();
  await expect(admin.missing(['a'])).rejects.toThrow('is closed');
  expect(did).toEqual(['connect', 'disconnect']);
});
