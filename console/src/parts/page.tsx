import { Link } from '@tanstack/react-router';
import type { LinkProps } from '@tanstack/react-router';
import { useEffect, useId } from 'react';
import type { ReactNode } from 'react';

/** A page above this one. */
export type Crumb = Pick<LinkProps, 'to' | 'params' | 'search'> & { text: string };

interface PageProps {
  /** Its heading, and the title of the window. */
  title: string;
  /** In place of the title's bare text, such as with a status beside it. */
  heading?: ReactNode;
  crumbs?: readonly Crumb[];
  actions?: ReactNode;
  intro?: ReactNode;
  tabs?: ReactNode;
  children: ReactNode;
}

/** A page: one heading, what can be done, and what is on it. */
export function Page({ title, heading, crumbs = [], actions, intro, tabs, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Tripline`;
  }, [title]);
  return (
    <div className="page">
      <header className="page-head">
        <div>
          {crumbs.length > 0 && (
            <nav className="crumbs" aria-label="Above this page">
              {crumbs.map(({ text, ...link }) => (
                <span key={text}>
                  <Link {...link}>{text}</Link> <span aria-hidden="true">/</span>
                </span>
              ))}
            </nav>
          )}
          <h1>{heading ?? title}</h1>
          {intro && <p className="intro">{intro}</p>}
        </div>
        {actions && <div className="line">{actions}</div>}
      </header>
      {tabs}
      {children}
    </div>
  );
}

interface CardProps {
  title?: ReactNode;
  actions?: ReactNode;
  /** Tables reach to the edge. */
  isFlush?: boolean;
  children: ReactNode;
}

/** A part of a page, with a heading of its own. */
export function Card({ title, actions, isFlush = false, children }: CardProps) {
  const id = useId();
  return (
    <section className={isFlush ? 'card flush' : 'card'} {...(title !== undefined && { 'aria-labelledby': id })}>
      {(title !== undefined || actions !== undefined) && (
        <header className="card-head">
          {title !== undefined && <h2 id={id}>{title}</h2>}
          {actions && <div className="line">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** What is known of a thing, term by term. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {facts.map(([term, fact]) => (
        <FactRow key={term} term={term} fact={fact} />
      ))}
    </dl>
  );
}

function FactRow({ term, fact }: { term: string; fact: ReactNode }) {
  return (
    <>
      <dt>{term}</dt>
      <dd>{fact}</dd>
    </>
  );
}
