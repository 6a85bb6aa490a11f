import type { Schema } from '@tripline/client';
import { useState } from 'react';
import type { FormEvent } from 'react';
import { useChange } from '../../api/queries.js';
import { Button } from '../../parts/button.js';
import { SelectField } from '../../parts/choice-fields.js';
import { CopyField } from '../../parts/copy.js';
import { Dialog } from '../../parts/dialog.js';
import { CheckField, TextField } from '../../parts/field.js';
import { Icon } from '../../parts/icon.js';
import { Notice, ProblemNotice } from '../../parts/notice.js';
import type { Scope } from '../../session.js';
import { describeScopes, expiryOf, LIFETIMES, problemsOf, SCOPE_WORDS } from './key-words.js';
import type { KeyDraft, KeyProblems } from './key-words.js';

const EMPTY: KeyDraft = { name: '', scopes: ['webhooks:read', 'events:read'], lifetime: '90', date: '' };

/** Makes a key, then shows it this once. */
export function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const make = useChange(
    (api, draft: KeyDraft, header) => {
      const expiresAt = expiryOf(draft, Date.now());
      const body = {
        name: draft.name.trim(),
        scopes: [...draft.scopes],
        ...(expiresAt !== undefined && { expiresAt }),
      };
      return api.POST('/v1/api-keys', { params: { header }, body });
    },
    { refreshes: [['keys']] },
  );
  if (make.data) return <KeyMade made={make.data} onClose={onClose} />;
  return (
    <Dialog title="Make an API key" isOpen onClose={onClose}>
      <KeyForm onMake={(draft) => make.mutate(draft)} onClose={onClose} isPending={make.isPending} error={make.error} />
    </Dialog>
  );
}

interface KeyFormProps {
  onMake: (draft: KeyDraft) => void;
  onClose: () => void;
  isPending: boolean;
  error: Error | null;
}

function KeyForm({ onMake, onClose, isPending, error }: KeyFormProps) {
  const [draft, setDraft] = useState(EMPTY);
  const [problems, setProblems] = useState<KeyProblems>({});
  const change = (part: Partial<KeyDraft>) => setDraft((now) => ({ ...now, ...part }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = problemsOf(draft, Date.now());
    setProblems(found);
    if (Object.keys(found).length === 0) onMake(draft);
  };
  return (
    <form className="form" onSubmit={submit} noValidate>
      <TextField
        label="Name"
        hint="Who or what uses it, such as fleet dashboard"
        value={draft.name}
        onChange={(name) => change({ name })}
        problem={problems.name}
        autoComplete="off"
      />
      <ScopeChoice scopes={draft.scopes} onChange={(scopes) => change({ scopes })} problem={problems.scopes} />
      <SelectField
        label="It works for"
        options={LIFETIMES}
        value={draft.lifetime}
        onChange={(lifetime) => change({ lifetime })}
      />
      {draft.lifetime === 'date' && (
        <TextField
          label="Last day, in UTC"
          hint="Year, month and day, such as 2027-01-31"
          placeholder="2027-01-31"
          value={draft.date}
          onChange={(date) => change({ date })}
          problem={problems.date}
        />
      )}
      {error && <ProblemNotice error={error} />}
      <div className="dialog-actions">
        <Button onPress={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" isPending={isPending}>
          Make key
        </Button>
      </div>
    </form>
  );
}

interface ScopeChoiceProps {
  scopes: readonly Scope[];
  onChange: (scopes: readonly Scope[]) => void;
  problem: string | undefined;
}

function ScopeChoice({ scopes, onChange, problem }: ScopeChoiceProps) {
  return (
    <fieldset className="field">
      <legend className="label">What it may do</legend>
      {SCOPE_WORDS.map(({ scope, name, detail }) => (
        <CheckField
          key={scope}
          label={name}
          hint={detail}
          value={scopes.includes(scope)}
          onChange={(isChosen) => onChange(isChosen ? [...scopes, scope] : scopes.filter((chosen) => chosen !== scope))}
        />
      ))}
      {problem && (
        <p className="fault" role="alert">
          <Icon name="alert" />
          {problem}
        </p>
      )}
    </fieldset>
  );
}

function KeyMade({ made, onClose }: { made: Schema<'ApiKeyMade'>; onClose: () => void }) {
  return (
    <Dialog
      title={`The key ${made.name} is made`}
      isOpen
      onClose={onClose}
      actions={
        <Button kind="primary" onPress={onClose}>
          Close: I have kept the key
        </Button>
      }
    >
      <Notice kind="warn" title="Copy the key now. It is not shown again.">
        Who loses it makes another one, and revokes this one.
      </Notice>
      <CopyField label="API key" value={made.key} />
      <p className="hint">It may: {describeScopes(made.scopes)}.</p>
    </Dialog>
  );
}
