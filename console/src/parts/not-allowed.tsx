import type { Scope } from '../session.js';
import { Notice } from './notice.js';

/** In place of what the sign-in may not see or do. `title` says what that is. */
export function NotAllowed({ title, scope }: { title: string; scope: Scope }) {
  return (
    <Notice kind="info" title={title}>
      It lacks the scope <code>{scope}</code>. Sign in with a developer token, or with a key that has it.
    </Notice>
  );
}
