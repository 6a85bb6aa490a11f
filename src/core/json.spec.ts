import { expect, test } from '@jest/globals';
import { jsonText } from './json.js';

test('a text is written as JSON.stringify writes it, whatever letter is in it, and wherever', () => {
  for (let code = 0; code <= 0xffff; code++) {
    const letter = String.fromCharCode(code);
    for (const text of [letter, `a${letter}`, `${letter}a`]) {
      if (jsonText(text) !== JSON.stringify(text)) expect(jsonText(text)).toBe(JSON.stringify(text));
    }
  }
  expect(jsonText('')).toBe('""');
});
