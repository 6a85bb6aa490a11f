import { lazy, Suspense } from 'react';
import { Waiting } from '../parts/loaded.js';
import './verification-guide.css';

/** Three files in full, which few pages show. */
const VerificationSamples = lazy(async () => ({
  default: (await import('./verification-samples.js')).VerificationSamples,
}));

/** How a receiver verifies what it gets. */
export function VerificationGuide() {
  return (
    <div className="verification">
      <h3>Verify deliveries in your receiver</h3>
      <p className="hint">
        Pass the secret, the headers and the bytes of the body as they came. It needs nothing but the standard library.
      </p>
      <Suspense fallback={<Waiting height={420} />}>
        <VerificationSamples />
      </Suspense>
    </div>
  );
}
