import type { Shelf } from './shelf.js';

/** What a license is signed in with, as this page keeps it. */
export interface SignIn {
  /** A developer's token, or an API key. */
  token: string;
  license: string;
  /** Of the API key; null for a token. */
  keyName: string | null;
  /** Kept when the browser ends; otherwise with the tab. */
  isRemembered: boolean;
}

const SIGN_INS = 'tripline.sign-ins';
const CURRENT = 'tripline.license';

/** All sign-ins, one for a license, and the license that this tab shows. */
export interface Known {
  signIns: readonly SignIn[];
  current: SignIn | undefined;
}

/**
 * The sign-ins of this browser. Those that are to be remembered go to `lasting`, the others to `passing`, which ends with
 * the tab; so does the choice of the license, so that two tabs can show two. A tab that shows a license goes on with
 * another only when it is told to, since nobody looks at that before each click. Tells its listeners of each change.
 */
export class SignIns {
  #known: Known;
  /** The license that this tab shows, or would if it were still signed in. */
  #chosen: string | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(
    private readonly passing: Shelf,
    private readonly lasting: Shelf,
  ) {
    this.#chosen = passing.getItem(CURRENT) ?? undefined;
    this.#known = this.#read();
  }

  /** The same object until something changes. */
  get known(): Known {
    return this.#known;
  }

  /** Calls back after each change; the answer ends it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Adds one, in place of another of its license, and shows it. */
  add(signIn: SignIn): void {
    this.#write([...this.#without(signIn.license), signIn], signIn.license);
  }

  /** Shows another license. */
  choose(license: string): void {
    this.#write(this.#known.signIns, license);
  }

  /** Signs out of one; another is shown, if there is one. */
  remove(license: string): void {
    const others = this.#without(license);
    this.#write(others, this.#chosen === license ? others[0]?.license : this.#chosen);
  }

  /** Forgets one that is no longer taken; none is shown in its place until somebody chooses. */
  drop(license: string): void {
    this.#write(this.#without(license), this.#chosen);
  }

  /** What another tab may have changed. */
  readAgain(): void {
    this.#known = this.#read();
    this.#tell();
  }

  #without(license: string): SignIn[] {
    return this.#known.signIns.filter((signIn) => signIn.license !== license);
  }

  #read(): Known {
    const signIns = new Map<string, SignIn>();
    for (const shelf of [this.lasting, this.passing])
      for (const signIn of readList(shelf)) signIns.set(signIn.license, signIn);
    const list = [...signIns.values()];
    this.#chosen ??= list[0]?.license;
    return { signIns: list, current: list.find(({ license }) => license === this.#chosen) };
  }

  #write(signIns: readonly SignIn[], current: string | undefined): void {
    for (const [shelf, isLasting] of [
      [this.lasting, true],
      [this.passing, false],
    ] as const) {
      const kept = signIns.filter(({ isRemembered }) => isRemembered === isLasting);
      if (kept.length > 0) shelf.setItem(SIGN_INS, JSON.stringify(kept));
      else shelf.removeItem(SIGN_INS);
    }
    this.#chosen = current;
    if (current === undefined) this.passing.removeItem(CURRENT);
    else this.passing.setItem(CURRENT, current);
    this.readAgain();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What does not look like sign-ins is as good as none. */
function readList(shelf: Shelf): SignIn[] {
  try {
    const list: unknown = JSON.parse(shelf.getItem(SIGN_INS) ?? '[]');
    return Array.isArray(list) ? list.filter(isSignIn) : [];
  } catch {
    return [];
  }
}

function isSignIn(value: unknown): value is SignIn {
  const { token, license } = (value ?? {}) as Partial<SignIn>;
  return typeof token === 'string' && typeof license === 'string';
}
