import { expect, it } from '@jest/globals';
import { faultOfToken, typedToken } from './typed-token.js';

it.each([
  ['  ey.a-b_c.d \n', 'ey.a-b_c.d'],
  ['bearer  tl_live_1', 'tl_live_1'],
])('finds the token in %j', (text, token) => expect(typedToken(text)).toBe(token));

it('says what no header can hold, before the browser does', () => {
  expect(faultOfToken('tl_live_1')).toBeUndefined();
  expect(faultOfToken('two words')).toBe('There is a space in it. A token has none.');
  expect(faultOfToken('a\u{202e}b')).toContain('U+202E');
  expect(faultOfToken('😀')).toContain('U+1F600');
});
