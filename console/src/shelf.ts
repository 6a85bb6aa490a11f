/** The part of `Storage` that is needed. */
export type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/**
 * What the browser keeps. Where it is full, or forbidden (cookies blocked, private windows), the page keeps in its place
 * what it cannot put there, until it is closed: nothing that is kept is worth a page that does not work.
 */
export function shelfOf(open: () => Shelf): Shelf {
  const instead = new Map<string, string | null>();
  const change = (key: string, value: string | null, how: (shelf: Shelf) => void): void => {
    try {
      how(open());
      instead.delete(key);
    } catch {
      instead.set(key, value);
    }
  };
  return {
    getItem: (key) => {
      const kept = instead.get(key);
      if (kept !== undefined) return kept;
      try {
        return open().getItem(key);
      } catch {
        return null;
      }
    },
    setItem: (key, value) => change(key, value, (shelf) => shelf.setItem(key, value)),
    removeItem: (key) => change(key, null, (shelf) => shelf.removeItem(key)),
  };
}

/** Until the tab is closed. */
export const passing = shelfOf(() => sessionStorage);

/** For all tabs of this browser, and for the next time. */
export const lasting = shelfOf(() => localStorage);
