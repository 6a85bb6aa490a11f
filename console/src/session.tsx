import { createTripline } from '@tripline/client';
import type { Schema, Tripline } from '@tripline/client';
import { useQuery } from '@tanstack/react-query';
import { createContext, useContext, useMemo, useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import { readEmbedded } from './embedded.js';
import type { Demo, Embedded } from './embedded.js';
import { lasting, passing } from './shelf.js';
import { SignIns } from './sign-ins.js';
import type { Known, SignIn } from './sign-ins.js';

/** What a sign-in may do. */
export type Scope = Schema<'Me'>['scopes'][number];

/** Where all pages of this browser keep them. */
export const signIns = new SignIns(passing, lasting);
addEventListener('storage', () => signIns.readAgain());

/** The sign-ins of this browser, and the one that is shown. */
export function useSignIns(): Known {
  return useSyncExternalStore(
    (listener) => signIns.subscribe(listener),
    () => signIns.known,
  );
}

/** The client that calls with a sign-in. One that the server no longer takes is signed out of. */
function clientOf(signIn: SignIn): Tripline {
  return createTripline({
    baseUrl: location.origin,
    token: signIn.token,
    fetch: async (request) => {
      const response = await fetch(request);
      if (response.status === 401) leave(signIn);
      return response;
    },
  });
}

/** The token may have been exchanged meanwhile, or the license signed out of. */
function leave({ token, license }: SignIn): void {
  const now = signIns.known.signIns.find((known) => known.license === license);
  if (now?.token !== token) return;
  refused = license;
  signIns.drop(license);
}

/** The license whose token was refused last, for the sign-in page to say so; asked for once. */
let refused: string | undefined;

/** Which license was signed out of since its token was no longer taken; undefined when nothing of the kind happened. */
export function takeRefused(): string | undefined {
  const license = refused;
  refused = undefined;
  return license;
}

/** Whom a token belongs to, as a sign-in. Throws a `Problem` when it is not taken. */
export async function whois(token: string, isRemembered: boolean): Promise<SignIn> {
  const { data } = await createTripline({ baseUrl: location.origin, token }).GET('/v1/me');
  if (data === undefined) throw new Error('the server said nothing');
  return { token, license: data.license, keyName: data.actor.name ?? null, isRemembered };
}

/** What a page works with. */
export interface Session {
  api: Tripline;
  /** The token of the sign-in, for what reads the event stream. */
  token: string;
  license: string;
  /** Whether the sign-in may do it; true until it is known, so that nothing flickers away. */
  can: (scope: Scope) => boolean;
  /** On an embedded start with its demo, for the license that it belongs to. */
  demo: Demo | undefined;
}

const SessionContext = createContext<Session | undefined>(undefined);

/** The client, the license and what it may do. Only within `SessionProvider`. */
export function useTripline(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('useTripline outside a session');
  return session;
}

/** Makes the session of one sign-in; its children are made anew when another one is shown. */
export function SessionProvider({ signIn, children }: { signIn: SignIn; children: ReactNode }) {
  const api = useMemo(() => clientOf(signIn), [signIn]);
  const me = useQuery({
    // Another key of the license may do something else.
    queryKey: [signIn.license, 'me', signIn.token],
    queryFn: async ({ signal }) => (await api.GET('/v1/me', { signal })).data ?? null,
    staleTime: 60_000,
  });
  const embedded = useEmbedded();
  const session = useMemo<Session>(
    () => ({
      api,
      token: signIn.token,
      license: signIn.license,
      can: (scope) => !me.data || me.data.scopes.includes(scope),
      demo: embedded?.license === signIn.license ? (embedded.demo ?? undefined) : undefined,
    }),
    [api, signIn, me.data, embedded],
  );
  return (
    <SessionContext value={session} key={signIn.license}>
      {children}
    </SessionContext>
  );
}

/** The key of what is read before anybody signs in. */
export const EMBEDDED = 'embedded';

/** What an embedded start fills the sign-in with; null elsewhere, undefined until it is known. */
export function useEmbedded(): Embedded | null | undefined {
  return useQuery({ queryKey: [EMBEDDED], queryFn: askEmbedded, staleTime: 30_000, retry: false }).data;
}

async function askEmbedded(): Promise<Embedded | null> {
  const response = await fetch('/console/sign-in.json', { headers: { accept: 'application/json' } });
  return response.ok ? readEmbedded(await response.text()) : null;
}
