import { Link } from '@tanstack/react-router';
import './range-choice.css';
import { RANGES } from './range.js';
import type { Range } from './range.js';

/** How far back the numbers of this page go: part of its address, so that a colleague sees the same. */
export function RangeChoice({ range }: { range: Range }) {
  return (
    <nav className="range-choice" aria-label="Range of the numbers">
      {RANGES.map(({ id, text }) => (
        <Link
          key={id}
          to="."
          search={{ range: id }}
          replace
          resetScroll={false}
          activeOptions={{ exact: true }}
          aria-current={id === range.id ? 'true' : undefined}
        >
          {text}
        </Link>
      ))}
    </nav>
  );
}
