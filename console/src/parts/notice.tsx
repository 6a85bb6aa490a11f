import { Problem } from '@tripline/client';
import type { ReactNode } from 'react';
import { Button } from './button.js';
import { CopyButton } from './copy.js';
import { Icon } from './icon.js';
import type { IconName } from './icon.js';

export type NoticeKind = 'ok' | 'warn' | 'bad' | 'info';

const ICONS: Record<NoticeKind, IconName> = { ok: 'check', warn: 'alert', bad: 'alert', info: 'info' };

interface NoticeProps {
  kind: NoticeKind;
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  /** Spoken at once: for what just happened because of the reader. */
  isSpoken?: boolean;
}

/** What happened, and what to do about it. */
export function Notice({ kind, title, children, actions, isSpoken = false }: NoticeProps) {
  return (
    <div className={`notice ${kind}`} role={isSpoken ? 'alert' : undefined}>
      <Icon name={ICONS[kind]} />
      <div className="notice-title">{title}</div>
      {children && <div className="notice-body">{children}</div>}
      {actions && <div className="notice-actions">{actions}</div>}
    </div>
  );
}

const LACKS_SCOPE = 'urn:tripline:problem:insufficient-scope';

interface ProblemNoticeProps {
  error: Error;
  retry?: (() => void) | undefined;
  /** While it is tried again. */
  isTrying?: boolean | undefined;
}

/** What the server, or the way to it, said no with. */
export function ProblemNotice({ error, retry, isTrying = false }: ProblemNoticeProps) {
  const isProblem = error instanceof Problem;
  // Another try does not give a key a scope.
  const lacksScope = isProblem && error.body.type === LACKS_SCOPE;
  const requestId = isProblem ? error.requestId : null;
  return (
    <Notice
      kind="bad"
      isSpoken
      title={isProblem ? error.message : 'The server cannot be reached.'}
      actions={
        retry &&
        !lacksScope && (
          <Button onPress={retry} isPending={isTrying}>
            Try again
          </Button>
        )
      }
    >
      {isProblem ? (
        <Faults error={error} />
      ) : (
        `Look at the connection, then try again. The browser says: ${error.message}`
      )}
      {lacksScope && 'Sign in with another key, or with a developer token.'}
      {requestId && (
        <div className="line small">
          Request <code>{requestId}</code> <CopyButton text={requestId} label="Copy the request id" />
        </div>
      )}
    </Notice>
  );
}

/** What is wrong at which field; a single one is usually the detail itself. */
function Faults({ error }: { error: Problem }) {
  const faults = error.body.errors ?? [];
  if (faults.length < 2) return null;
  return (
    <ul>
      {faults.map(({ pointer, detail }) => (
        <li key={`${pointer} ${detail}`}>
          <code>{pointer}</code> {detail}
        </li>
      ))}
    </ul>
  );
}

/** What will be here, and the one next step. */
export function Empty({ title, children, actions }: { title: string; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {actions && <div className="line">{actions}</div>}
    </div>
  );
}
