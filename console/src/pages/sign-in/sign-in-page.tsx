import { Problem } from '@tripline/client';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Button } from '../../parts/button.js';
import { CheckField, TextField } from '../../parts/field.js';
import { Notice, ProblemNotice } from '../../parts/notice.js';
import { signIns, takeRefused, useEmbedded, useSignIns, whois } from '../../session.js';
import { Brand } from '../../shell/brand.js';
import { faultOfToken, typedToken } from './typed-token.js';

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
        <Others />
        <SignInForm filled={embedded?.token} />
      </div>
    </main>
  );
}

/** Where the license that this tab showed is signed in no more, but others are. */
function Others() {
  const navigate = useNavigate();
  const { signIns: all, current } = useSignIns();
  if (current !== undefined || all.length === 0) return null;
  return (
    <div className="line">
      {all.map(({ license }) => (
        <Button
          key={license}
          onPress={() => {
            signIns.choose(license);
            void navigate({ to: '/' });
          }}
        >
          {`Go on with ${license.slice(0, 8)}…${license.slice(-4)}`}
        </Button>
      ))}
    </div>
  );
}

/** `filled` may come while somebody is at the field: what stands there then is for them alone to change. */
function SignInForm({ filled = '' }: { filled: string | undefined }) {
  const navigate = useNavigate();
  const { current } = useSignIns();
  const [typed, setTyped] = useState<string>();
  const text = typed ?? filled;
  const fault = faultOfToken(typedToken(text));
  const [isRemembered, setRemembered] = useState(false);
  const signIn = useMutation({
    mutationFn: () => whois(typedToken(text), isRemembered),
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
        if (fault === undefined && !signIn.isPending) signIn.mutate();
      }}
    >
      <TextField
        label="Developer token or API key"
        value={text}
        onChange={setTyped}
        onFocus={() => setTyped(text)}
        type="password"
        autoComplete="off"
        isMono
        isRequired
        hint={text !== '' && text === filled ? 'The demo’s token is filled in.' : undefined}
        problem={fault}
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
