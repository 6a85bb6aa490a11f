import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { SignInPage } from '../pages/sign-in/sign-in-page.js';
import { IconButton } from '../parts/button.js';
import { Icon } from '../parts/icon.js';
import type { IconName } from '../parts/icon.js';
import { SessionProvider, useSignIns } from '../session.js';
import { Brand } from './brand.js';
import { LicenseMenu } from './license-menu.js';
import { PLACES } from './shortcuts.js';
import { useShortcuts } from './use-shortcuts.js';

const KeysHelp = lazy(async () => ({ default: (await import('./keys-help.js')).KeysHelp }));

const ICONS: Record<keyof typeof PLACES, IconName> = {
  o: 'home',
  w: 'webhook',
  d: 'send',
  l: 'live',
  e: 'list',
  p: 'target',
  k: 'key',
};

/** What stands around every page of a license: where one can go, and who is signed in. */
export function Shell() {
  const { current } = useSignIns();
  if (current === undefined) return <SignInPage />;
  return (
    <SessionProvider signIn={current}>
      <Frame />
    </SessionProvider>
  );
}

function Frame() {
  const { isHelpOpen, setHelpOpen } = useShortcuts();
  const main = useFocusOnArrival();
  return (
    <div className="shell">
      <a className="skip button" href="#main">
        Skip to the page
      </a>
      <Side onHelp={() => setHelpOpen(true)} />
      <main id="main" tabIndex={-1} ref={main}>
        <Outlet />
      </main>
      {isHelpOpen && (
        <Suspense>
          <KeysHelp onClose={() => setHelpOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}

function Side({ onHelp }: { onHelp: () => void }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <header className="side">
      <Brand />
      <span className="only-narrow">
        <IconButton
          icon={isOpen ? 'cross' : 'menu'}
          label="Menu"
          aria-expanded={isOpen}
          aria-controls="places"
          onPress={() => setOpen(!isOpen)}
        />
      </span>
      <div id="places" className={isOpen ? 'places open' : 'places'}>
        <nav aria-label="Pages">
          {Object.entries(PLACES).map(([key, { to, text }]) => (
            <Link
              key={to}
              to={to}
              className="place"
              activeOptions={{ exact: to === '/', includeSearch: false }}
              onClick={() => setOpen(false)}
            >
              <Icon name={ICONS[key as keyof typeof PLACES]} />
              {text}
            </Link>
          ))}
        </nav>
        <div className="side-foot">
          <LicenseMenu />
          <span className="line">
            <a className="small" href="/swagger">
              REST API
            </a>
            <IconButton icon="help" label="Keys" onPress={onHelp} />
          </span>
        </div>
      </div>
    </header>
  );
}

/** Whoever came by a link hears the new page, and tabs on from its beginning. */
function useFocusOnArrival() {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    if (document.querySelector('[role=dialog]') === null) main.current?.focus({ preventScroll: true });
  }, [path]);
  return main;
}
