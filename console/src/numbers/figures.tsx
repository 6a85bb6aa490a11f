import type { ReactNode } from 'react';
import './figures.css';

/** A number, what it is of, and what else is to be known of it. */
export interface Figure {
  term: string;
  value: ReactNode;
  more?: ReactNode;
}

/** A few numbers, side by side where there is room. */
export function Figures({ figures }: { figures: readonly Figure[] }) {
  return (
    <dl className="figures">
      {figures.map(({ term, value, more }) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>
            <strong>{value}</strong>
            {more && <small>{more}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
