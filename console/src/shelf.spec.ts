import { describe, expect, it } from '@jest/globals';
import { shelfOf } from './shelf.js';

function memory() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

function throwing(): never {
  throw new Error('denied');
}

describe('A shelf', () => {
  it('keeps what it is given where the browser lets it', () => {
    const browser = memory();
    shelfOf(() => browser).setItem('theme', 'dark');
    expect(shelfOf(() => browser).getItem('theme')).toBe('dark');
  });

  it('that the browser forbids is one that the page keeps', () => {
    const shelf = shelfOf(throwing);
    expect(shelf.getItem('theme')).toBeNull();
    shelf.setItem('theme', 'dark');
    expect(shelf.getItem('theme')).toBe('dark');
    shelf.removeItem('theme');
    expect(shelf.getItem('theme')).toBeNull();
  });

  it('that is full says what was put there last, until there is room', () => {
    const browser = memory();
    const full = { ...browser, setItem: throwing };
    let isFull = false;
    const shelf = shelfOf(() => (isFull ? full : browser));
    shelf.setItem('theme', 'dark');
    isFull = true;
    shelf.setItem('theme', 'light');
    expect(shelf.getItem('theme')).toBe('light');
    isFull = false;
    shelf.setItem('theme', 'system');
    expect([shelf.getItem('theme'), browser.getItem('theme')]).toEqual(['system', 'system']);
  });
});
