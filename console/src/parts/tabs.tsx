import { Link } from '@tanstack/react-router';
import type { LinkProps } from '@tanstack/react-router';

/** A tab that has an address. */
export type Tab = Pick<LinkProps, 'to' | 'params' | 'search'> & { text: string };

/** Tabs of one thing: links, so that each can be shown to a colleague. */
export function LinkTabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map(({ text, ...link }) => (
        <Link key={text} {...link} className="tab" activeOptions={{ exact: true, includeSearch: false }}>
          {text}
        </Link>
      ))}
    </nav>
  );
}
