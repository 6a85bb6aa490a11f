import { Link } from '@tanstack/react-router';
import { useId, useState } from 'react';
import type { Attention } from '../api/resources.js';
import { useOverview } from '../numbers/use-overview.js';
import { Button, LinkButton } from '../parts/button.js';
import { number, plural } from '../parts/format.js';
import { Notice } from '../parts/notice.js';
import { Status } from '../parts/status.js';
import { useTripline } from '../session.js';
import { lookOf, pageOf, scopeOf, subjectOf } from './attention-actions.js';
import { AttentionButton } from './attention-button.js';

const SHOWN_AT_FIRST = 3;
const NOTICE_KINDS = { error: 'bad', warning: 'warn', notice: 'info' } as const;

/** What needs attention, what matters most first, each with what mends it. */
export function AttentionList({ attention, omitted }: { attention: readonly Attention[]; omitted: number }) {
  const [isWhole, setWhole] = useState(false);
  const headingId = useId();
  const shown = isWhole ? attention : attention.slice(0, SHOWN_AT_FIRST);
  const hidden = attention.length - shown.length;
  return (
    <section className="stack" aria-labelledby={headingId}>
      <div className="line">
        <h2 id={headingId}>Needs attention</h2>
        {attention.length === 0 && <Status kind="ok">Nothing does</Status>}
      </div>
      {shown.length > 0 && (
        <ul className="stack">
          {shown.map((line) => (
            <li key={`${line.kind} ${line.webhookId} ${line.endpointId} ${line.title}`}>
              <AttentionLine line={line} />
            </li>
          ))}
        </ul>
      )}
      {hidden > 0 && (
        <div>
          <Button kind="quiet" onPress={() => setWhole(true)}>
            Show {number(hidden)} more
          </Button>
        </div>
      )}
      {isWhole && omitted > 0 && (
        <p className="muted">{plural(omitted, 'more line')} not listed here. Mend these first.</p>
      )}
    </section>
  );
}

interface AttentionAboutProps {
  /** Which lines are told here. */
  isAbout: (line: Attention) => boolean;
  /** Which of them are about the very thing that the page shows. */
  isOnItsPage: (line: Attention) => boolean;
}

/** What the overview says of the thing that a page shows; nothing while all is well. */
export function AttentionAbout({ isAbout, isOnItsPage }: AttentionAboutProps) {
  const lines = (useOverview().data?.attention ?? []).filter(isAbout);
  if (lines.length === 0) return null;
  return (
    <section className="stack" aria-label="Needs attention">
      {lines.map((line) => (
        <AttentionLine key={`${line.kind} ${line.title}`} line={line} isOnItsPage={isOnItsPage(line)} />
      ))}
    </section>
  );
}

/** One thing that needs attention. On the page of what it is about, its title leads nowhere. */
function AttentionLine({ line, isOnItsPage = false }: { line: Attention; isOnItsPage?: boolean }) {
  const { can } = useTripline();
  const subject = subjectOf(line);
  const look = lookOf(line);
  const scope = look && scopeOf(look.way);
  const title = subject && !isOnItsPage ? <Link {...pageOf(subject)}>{line.title}</Link> : line.title;
  return (
    <Notice
      kind={NOTICE_KINDS[line.severity]}
      title={title}
      actions={
        (line.action ?? look) && (
          <>
            <AttentionButton line={line} />
            {look && (scope === undefined || can(scope)) && (
              <LinkButton kind="quiet" {...look.way}>
                {look.label}
              </LinkButton>
            )}
          </>
        )
      }
    >
      {line.detail}
    </Notice>
  );
}
