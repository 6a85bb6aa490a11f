import { describe, expect, it } from '@jest/globals';
import type { Shelf } from './shelf.js';
import { SignIns } from './sign-ins.js';
import type { SignIn } from './sign-ins.js';

class Memory implements Shelf {
  readonly entries = new Map<string, string>();
  getItem = (key: string) => this.entries.get(key) ?? null;
  setItem = (key: string, value: string) => void this.entries.set(key, value);
  removeItem = (key: string) => void this.entries.delete(key);
}

const one: SignIn = { token: 'a token', license: '0x01', keyName: null, isRemembered: false };
const other: SignIn = { token: 'a key', license: '0x02', keyName: 'for my phone', isRemembered: true };

describe('SignIns', () => {
  it('shows whom was signed in last, and keeps the others', () => {
    const signIns = new SignIns(new Memory(), new Memory());
    signIns.add(one);
    signIns.add(other);
    expect(signIns.known.current).toEqual(other);
    signIns.choose('0x01');
    expect(signIns.known).toEqual({ signIns: expect.arrayContaining([one, other]), current: one });
  });

  it('keeps one sign-in a license, the last', () => {
    const signIns = new SignIns(new Memory(), new Memory());
    signIns.add(one);
    signIns.add({ ...one, token: 'a newer token' });
    expect(signIns.known.signIns.map(({ token }) => token)).toEqual(['a newer token']);
  });

  it('writes nothing that lasts unless it is to be remembered', () => {
    const [passing, lasting] = [new Memory(), new Memory()];
    const signIns = new SignIns(passing, lasting);
    signIns.add(one);
    expect([...lasting.entries.values()].join()).not.toContain('a token');
    signIns.add(other);
    const later = new SignIns(new Memory(), lasting);
    expect(later.known).toEqual({ signIns: [other], current: other });
  });

  it('moves a sign-in that is to be remembered from now on', () => {
    const [passing, lasting] = [new Memory(), new Memory()];
    const signIns = new SignIns(passing, lasting);
    signIns.add(one);
    signIns.add({ ...one, isRemembered: true });
    expect(new SignIns(new Memory(), lasting).known.signIns).toHaveLength(1);
    expect([...passing.entries.values()].join()).not.toContain('a token');
  });

  it('shows another when the one that is shown is removed, and none after the last', () => {
    const [passing, lasting] = [new Memory(), new Memory()];
    const signIns = new SignIns(passing, lasting);
    signIns.add(one);
    signIns.add(other);
    signIns.remove('0x02');
    expect(signIns.known.current).toEqual(one);
    signIns.remove('0x01');
    expect(signIns.known).toEqual({ signIns: [], current: undefined });
    expect([...passing.entries, ...lasting.entries]).toEqual([]);
  });

  it('shows none in place of one that is no longer taken, until another is chosen', () => {
    const passing = new Memory();
    const signIns = new SignIns(passing, new Memory());
    signIns.add(one);
    signIns.add(other);
    signIns.drop('0x02');
    expect(signIns.known).toEqual({ signIns: [one], current: undefined });
    expect(new SignIns(passing, new Memory()).known.current).toBeUndefined();
    signIns.choose('0x01');
    expect(signIns.known.current).toEqual(one);
  });

  it('shows none in place of one that another tab signed out of', () => {
    const lasting = new Memory();
    const tabs = [new SignIns(new Memory(), lasting), new SignIns(new Memory(), lasting)] as const;
    tabs[0].add({ ...one, isRemembered: true });
    tabs[0].add(other);
    tabs[1].readAgain();
    expect(tabs[1].known.current?.license).toBe('0x01');
    tabs[0].remove('0x01');
    tabs[1].readAgain();
    expect(tabs.map(({ known }) => known.current?.license)).toEqual(['0x02', undefined]);
  });

  it.each(['{', '7', '[null, {"token": 1}]'])('takes %s on the shelf for no sign-ins', (text) => {
    const lasting = new Memory();
    lasting.setItem('tripline.sign-ins', text);
    expect(new SignIns(new Memory(), lasting).known.signIns).toEqual([]);
  });

  it('tells of each change, until it is not wanted any more', () => {
    const signIns = new SignIns(new Memory(), new Memory());
    let told = 0;
    const end = signIns.subscribe(() => (told += 1));
    signIns.add(one);
    signIns.choose('0x01');
    end();
    signIns.remove('0x01');
    expect(told).toBe(2);
  });

  it('is the same object while nothing changes, for whoever compares', () => {
    const signIns = new SignIns(new Memory(), new Memory());
    expect(signIns.known).toBe(signIns.known);
  });
});
