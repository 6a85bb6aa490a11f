import { describe, expect, it } from '@jest/globals';
import { Shortcuts } from './shortcuts.js';

const press = (key: string, more = {}) => ({ key, isModified: false, isTyped: false, atMs: 0, ...more });

describe('Shortcuts', () => {
  it('goes where g and a letter lead', () => {
    const shortcuts = new Shortcuts();
    expect(shortcuts.read(press('g'))).toEqual({ kind: 'began' });
    expect(shortcuts.read(press('d', { atMs: 400 }))).toEqual({ kind: 'go', to: '/deliveries' });
  });

  it('forgets the g after a while, and after another key', () => {
    const shortcuts = new Shortcuts();
    shortcuts.read(press('g'));
    expect(shortcuts.read(press('d', { atMs: 2_000 }))).toEqual({ kind: 'nothing' });
    shortcuts.read(press('g'));
    shortcuts.read(press('x'));
    expect(shortcuts.read(press('d'))).toEqual({ kind: 'nothing' });
  });

  it.each([
    ['n', { kind: 'go', to: '/webhooks/new' }],
    ['?', { kind: 'help' }],
    ['/', { kind: 'filter' }],
    ['toString', { kind: 'nothing' }],
  ])('knows %s', (key, meaning) => expect(new Shortcuts().read(press(key))).toEqual(meaning));

  it('leaves what is typed into a field, and what is pressed with Ctrl, alone', () => {
    const shortcuts = new Shortcuts();
    expect(shortcuts.read(press('n', { isTyped: true }))).toEqual({ kind: 'nothing' });
    expect(shortcuts.read(press('n', { isModified: true }))).toEqual({ kind: 'nothing' });
    shortcuts.read(press('g'));
    expect(shortcuts.read(press('d', { isTyped: true }))).toEqual({ kind: 'nothing' });
  });
});
