import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { I18nProvider } from 'react-aria-components';
import { createRoot } from 'react-dom/client';
import './tokens.css';
import './app.css';
import './shell/shell.css';
import { ToastProvider } from './parts/toast.js';
import { router } from './router.js';
import { mayHealByItself, readAgainMs } from './api/again.js';
import { EMBEDDED, signIns } from './session.js';

const RETRIES = 2;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => count < RETRIES && mayHealByItself(error),
      refetchInterval: ({ state }) => readAgainMs(state.error),
    },
    // With its key, what is sent twice happens once.
    mutations: { retry: (count, error) => count < RETRIES && mayHealByItself(error) },
  },
});

// Nothing that a license read stays behind when it is signed out of.
signIns.subscribe(() =>
  queries.removeQueries({
    predicate: ({ queryKey: [first] }) =>
      first !== EMBEDDED && !signIns.known.signIns.some(({ license }) => license === first),
  }),
);

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <I18nProvider locale="en-US">
      <QueryClientProvider client={queries}>
        <ToastProvider>
          <RouterProvider router={router} />
        </ToastProvider>
      </QueryClientProvider>
    </I18nProvider>
  </StrictMode>,
);
