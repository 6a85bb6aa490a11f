import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { usePages } from '../../api/queries.js';
import type { ApiKey } from '../../api/resources.js';
import { Button } from '../../parts/button.js';
import { LoadedPages } from '../../parts/loaded.js';
import { NotAllowed } from '../../parts/not-allowed.js';
import { Empty } from '../../parts/notice.js';
import { Card, Page } from '../../parts/page.js';
import { DataTable } from '../../parts/table.js';
import type { Column } from '../../parts/table.js';
import { useTripline } from '../../session.js';
import { KeyPanel } from './key-panel.js';
import { Ends, KeyStatus, LastUsed } from './key-parts.js';
import { describeScopes } from './key-words.js';
import { NewKeyDialog } from './new-key-dialog.js';

const KEYS_A_PAGE = 50;

const COLUMNS: Column<ApiKey>[] = [
  { id: 'name', head: 'Name', cell: ({ name }) => name },
  { id: 'prefix', head: 'Begins with', drop: 820, cell: ({ prefix }) => <code>{prefix}…</code> },
  { id: 'scopes', head: 'May', drop: 560, cell: ({ scopes }) => describeScopes(scopes) },
  { id: 'used', head: 'Last used', drop: 820, cell: ({ lastUsedAt }) => <LastUsed at={lastUsedAt} /> },
  { id: 'ends', head: 'Ends', drop: 1080, cell: ({ expiresAt }) => <Ends at={expiresAt} /> },
  { id: 'status', head: 'Status', cell: ({ status }) => <KeyStatus status={status} /> },
];

/** The API keys of the license: what each may do, and since when it was not used. */
export function KeysPage() {
  const { key } = useSearch({ from: '/shell/keys' });
  const { can } = useTripline();
  const navigate = useNavigate({ from: '/keys' });
  const [isMaking, setMaking] = useState(false);
  const close = () => void navigate({ search: {}, resetScroll: false });
  const mayManage = can('api-keys:manage');
  return (
    <Page
      title="API keys"
      intro="Programs sign in with a key. It may do what its scopes say, for your license."
      actions={
        mayManage && (
          <Button kind="primary" icon="plus" onPress={() => setMaking(true)}>
            Make key
          </Button>
        )
      }
    >
      {mayManage ? (
        <KeyList onMake={() => setMaking(true)} />
      ) : (
        <NotAllowed title="This key may not see API keys." scope="api-keys:manage" />
      )}
      {isMaking && <NewKeyDialog onClose={() => setMaking(false)} />}
      {mayManage && key !== undefined && <KeyPanel id={key} onClose={close} />}
    </Page>
  );
}

function KeyList({ onMake }: { onMake: () => void }) {
  const pages = usePages<ApiKey>(['keys', 'pages'], (api, cursor, signal) =>
    api.GET('/v1/api-keys', {
      params: { query: { limit: KEYS_A_PAGE, ...(cursor !== undefined && { cursor }) } },
      signal,
    }),
  );
  return (
    <Card isFlush>
      <LoadedPages pages={pages} height={240}>
        {(keys) => (
          <DataTable
            label="API keys"
            columns={COLUMNS}
            rows={keys}
            rowId={({ id }) => id}
            link={({ id }) => ({ to: '/keys', search: { key: id }, resetScroll: false })}
            empty={
              <Empty title="There is no API key." actions={<Button onPress={onMake}>Make key</Button>}>
                Make one for each program that calls, so that each can be revoked by itself.
              </Empty>
            }
          />
        )}
      </LoadedPages>
    </Card>
  );
}
