/** Where keys lead: `g`, then the letter. */
export const PLACES = {
  o: { to: '/', text: 'Overview' },
  w: { to: '/webhooks', text: 'Webhooks' },
  d: { to: '/deliveries', text: 'Deliveries' },
  l: { to: '/live', text: 'Live' },
  e: { to: '/events', text: 'Event log' },
  p: { to: '/endpoints', text: 'Endpoints' },
  k: { to: '/keys', text: 'API keys' },
} as const;

/** A path that a key leads to. */
export type Place = (typeof PLACES)[keyof typeof PLACES]['to'];

/** What a key means. */
export type KeyMeaning =
  | { kind: 'nothing' }
  | { kind: 'began' }
  | { kind: 'go'; to: Place | '/webhooks/new' }
  | { kind: 'help' }
  | { kind: 'filter' };

/** After `g` the letter has to come so soon. */
const SECOND_KEY_MS = 1_500;

/** A key as the window hears it. */
export interface Key {
  key: string;
  /** With Ctrl, Alt or Meta it belongs to the browser. */
  isModified: boolean;
  /** Whether what has the focus takes letters. */
  isTyped: boolean;
  atMs: number;
}

/** Reads keys one after another. Single letters count only outside of fields. */
export class Shortcuts {
  #beganMs: number | undefined;

  read({ key, isModified, isTyped, atMs }: Key): KeyMeaning {
    const hasBegun = this.#beganMs !== undefined && atMs - this.#beganMs <= SECOND_KEY_MS;
    this.#beganMs = undefined;
    if (isModified || isTyped) return { kind: 'nothing' };
    if (hasBegun && Object.hasOwn(PLACES, key)) return { kind: 'go', to: PLACES[key as keyof typeof PLACES].to };
    switch (key) {
      case 'g':
        this.#beganMs = atMs;
        return { kind: 'began' };
      case 'n':
        return { kind: 'go', to: '/webhooks/new' };
      case '?':
        return { kind: 'help' };
      case '/':
        return { kind: 'filter' };
      default:
        return { kind: 'nothing' };
    }
  }
}
