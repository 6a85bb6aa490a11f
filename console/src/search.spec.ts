import { describe, expect, it } from '@jest/globals';
import { texts } from './search.js';

describe('texts', () => {
  const read = texts('status', 'vehicle');

  it('keeps what it knows, as texts', () => {
    expect(read({ status: 'failed', vehicle: 12345 })).toEqual({ status: 'failed', vehicle: '12345' });
    expect(read({ status: false, vehicle: 'null' })).toEqual({ status: 'false', vehicle: 'null' });
  });

  it.each([{ status: '' }, { status: null }, { status: ['a'] }, { status: { a: 1 } }, { unknown: 'x' }])(
    'drops what is empty, unknown, or no text: %j',
    (search) => expect(read(search)).toEqual({}),
  );
});
