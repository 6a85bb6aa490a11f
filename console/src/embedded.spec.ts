import { expect, it } from '@jest/globals';
import { readEmbedded } from './embedded.js';

const demo = { vehicles: ['did:one'], target: { url: 'https://example.com/', verificationToken: 'v' } };
const embedded = { token: 't', license: '0x01', demo };

it('reads what an embedded start says', () => {
  expect(readEmbedded(JSON.stringify({ embedded }))).toEqual(embedded);
  expect(readEmbedded('{"embedded":null}')).toBeNull();
});

it.each(['', '<html>', 'null', '7', '{}', '{"embedded":"x"}', '{"embedded":{"token":5,"license":"0x01"}}'])(
  'takes %s for nothing',
  (text) => expect(readEmbedded(text)).toBeNull(),
);

it.each([undefined, null, {}, { ...demo, target: {} }, { ...demo, vehicles: [5] }, { ...demo, vehicles: 'did:one' }])(
  'takes %j for no demo',
  (broken) => expect(readEmbedded(JSON.stringify({ embedded: { ...embedded, demo: broken } }))?.demo).toBeNull(),
);
