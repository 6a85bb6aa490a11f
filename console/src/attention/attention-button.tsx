import { lazy, Suspense, useState } from 'react';
import type { Attention } from '../api/resources.js';
import { Button, LinkButton } from '../parts/button.js';
import { useTripline } from '../session.js';
import { mendingOf, scopeOf } from './attention-actions.js';

/** Most lines are only read. */
const MendingDialog = lazy(async () => ({ default: (await import('./mending-dialog.js')).MendingDialog }));

/** What mends a line, as a button; as a link where another page has to be asked. */
export function AttentionButton({ line }: { line: Attention }) {
  const { can } = useTripline();
  const [isAsked, setAsked] = useState(false);
  const mending = mendingOf(line);
  const label = line.action?.label;
  if (mending === undefined || label === undefined) return null;
  if (mending.kind === 'link') {
    const scope = scopeOf(mending.way);
    return scope === undefined || can(scope) ? <LinkButton {...mending.way}>{label}</LinkButton> : null;
  }
  if (mending.kind !== 'limits' && !can('webhooks:manage')) return null;
  return (
    <>
      <Button onPress={() => setAsked(true)}>{label}</Button>
      {isAsked && (
        <Suspense>
          <MendingDialog mending={mending} onClose={() => setAsked(false)} />
        </Suspense>
      )}
    </>
  );
}
