import { useState } from 'react';
import { useChange, useData } from '../../api/queries.js';
import type { ApiKey } from '../../api/resources.js';
import { Button, LinkButton } from '../../parts/button.js';
import { Copyable } from '../../parts/copy.js';
import { Confirm, SidePanel } from '../../parts/dialog.js';
import { Loaded } from '../../parts/loaded.js';
import { Notice } from '../../parts/notice.js';
import { Card, Facts } from '../../parts/page.js';
import { Moment } from '../../parts/time.js';
import { Ends, KeyStatus, LastUsed } from './key-parts.js';
import { SCOPE_WORDS } from './key-words.js';

/** One key: what it may do, who made it, and the way to end it. */
export function KeyPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const key = useData<ApiKey>(['keys', id], (api, signal) =>
    api.GET('/v1/api-keys/{id}', { params: { path: { id } }, signal }),
  );
  return (
    <SidePanel
      title={key.data?.name ?? 'API key'}
      onClose={onClose}
      actions={key.data?.status === 'active' && <RevokeKey apiKey={key.data} />}
    >
      <Loaded query={key} height={240}>
        {(key) => <KeyFacts apiKey={key} />}
      </Loaded>
    </SidePanel>
  );
}

function KeyFacts({ apiKey }: { apiKey: ApiKey }) {
  const { id, status, prefix, scopes, createdAt, createdBy, lastUsedAt, expiresAt } = apiKey;
  return (
    <>
      <Card>
        <Facts
          facts={[
            ['Status', <KeyStatus key="status" status={status} />],
            ['Begins with', <code key="prefix">{prefix}…</code>],
            ['Last used', <LastUsed key="used" at={lastUsedAt} />],
            ['Ends', <Ends key="ends" at={expiresAt} />],
            ['Made', <Moment key="made" at={createdAt} />],
            ['Made by', <MadeBy key="by" keyId={createdBy} />],
            ['Id', <Copyable key="id" text={id} name="id of the key" />],
          ]}
        />
      </Card>
      <Card title="What it may do">
        <ul className="stack">
          {SCOPE_WORDS.filter(({ scope }) => scopes.includes(scope)).map(({ scope, name, detail }) => (
            <li key={scope}>
              <strong>{name}</strong> <code>{scope}</code>
              <p className="hint">{detail}</p>
            </li>
          ))}
        </ul>
      </Card>
    </>
  );
}

function MadeBy({ keyId }: { keyId: string | null }) {
  if (keyId === null) return 'A developer’s token';
  return (
    <LinkButton kind="quiet" to="/keys" search={{ key: keyId }} resetScroll={false}>
      Another key
    </LinkButton>
  );
}

function RevokeKey({ apiKey: { id, name, prefix } }: { apiKey: ApiKey }) {
  const [isAsking, setAsking] = useState(false);
  const revoke = useChange((api, _: void) => api.DELETE('/v1/api-keys/{id}', { params: { path: { id } } }), {
    refreshes: [['keys']],
    said: `The key ${name} is revoked.`,
    onDone: () => setAsking(false),
  });
  return (
    <>
      <Button kind="danger" icon="trash" onPress={() => setAsking(true)}>
        Revoke key
      </Button>
      <Confirm
        title={`Revoke the key ${name}?`}
        verb="Revoke key"
        kind="danger"
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => revoke.mutate()}
        isPending={revoke.isPending}
        error={revoke.error}
      >
        <p>
          Whoever uses the key that begins with <code>{prefix}</code> is refused from the next request on, and streams
          that it has open end. It cannot be taken back.
        </p>
        <Notice kind="info" title="Keys that it made stay.">
          Look for them in the list, and revoke them too if they are not wanted.
        </Notice>
      </Confirm>
    </>
  );
}
