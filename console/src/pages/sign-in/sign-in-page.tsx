import { Problem } from '@tripline/client';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Button } from '../../parts/button.js';
import { CheckField, TextField } from '../../parts/field.js';
import { Notice, ProblemNotice } from '../../parts/notice.js';
import { signIns, takeRefused, useEmbedded, useSignIns, whois } from '../../session.js';
import type { Embedded } from '../../session.js';
import { Brand } from '../../shell/shell.js';

/** Who is there: a developer's token or an API key. On an embedded start the demo's is there already. */
export function SignInPage() {
  const embedded = useEmbedded();
  const [refused] = useState(takeRefused);
  useEffect(() => {
    document.title = 'Sign in · Tripline';
  }, []);
  return (
    <main className="sign-in">
      <Brand />
      <div className="card stack">
        <h1>Sign in</h1>
        <p className="muted">With a token of your developer license, or with one of its API keys.</p>
        {refused && (
          <Notice kind="warn" title="Signed out">
            The token of <code>{refused}</code> is not taken any more. It may have expired, or the key was revoked.
          </Notice>
        )}
        {/* Made anew when it is known what it is filled with. */}
        <SignInForm key={embedded?.token ?? ''} embedded={embedded ?? undefined} />
      </div>
    </main>
  );
}

function SignInForm({ embedded }: { embedded: Embedded | undefined }) {
  const navigate = useNavigate();
  const { current } = useSignIns();
  const [token, setToken] = useState(embedded?.token ?? '');
  const [isRemembered, setRemembered] = useState(false);
  const signIn = useMutation({
    mutationFn: () => whois(token.trim().replace(/^Bearer /i, ''), isRemembered),
    onSuccess: (signedIn) => {
      signIns.add(signedIn);
      // Whoever came for a certain page is there; only the page of the form itself has to be left.
      if (location.pathname.endsWith('/sign-in')) void navigate({ to: '/' });
    },
  });
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate();
      }}
    >
      <TextField
        label="Developer token or API key"
        value={token}
        onChange={setToken}
        type="password"
        autoComplete="off"
        isMono
        isRequired
        hint={embedded && token === embedded.token ? 'The demo’s token is filled in.' : undefined}
      />
      <CheckField
        label="Remember on this computer"
        hint="Otherwise until this tab is closed."
        value={isRemembered}
        onChange={setRemembered}
      />
      {signIn.error && <SignInProblem error={signIn.error} />}
      <div className="line">
        <Button type="submit" kind="primary" isPending={signIn.isPending}>
          Sign in
        </Button>
        {current && <Button onPress={() => void navigate({ to: '/' })}>Back</Button>}
      </div>
    </form>
  );
}

function SignInProblem({ error }: { error: Error }) {
  if (error instanceof Problem && error.status === 401)
    return (
      <Notice kind="bad" isSpoken title="This token is not taken.">
        {error.message}
      </Notice>
    );
  return <ProblemNotice error={error} />;
}
