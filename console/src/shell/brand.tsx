import { Link } from '@tanstack/react-router';

/** The name, which leads home. */
export function Brand() {
  return (
    <Link to="/" className="brand">
      <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
        <rect width="32" height="32" rx="8" />
        <path d="M5 20h6l3-10 4 13 3-7h6" />
      </svg>
      Tripline
    </Link>
  );
}
