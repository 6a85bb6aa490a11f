import { expect, test } from '@jest/globals';
import { eventTitle } from './event-title.js';

test.each([
  ['webhook.updated', 'Webhook changed'],
  ['new.thing', 'new.thing'],
])('%s is told as %s', (type, title) => expect(eventTitle(type)).toBe(title));
