import type { ReactNode } from 'react';
import { CopyField } from '../parts/copy.js';
import { Notice } from '../parts/notice.js';
import { Card } from '../parts/page.js';
import { VerificationGuide } from './verification-guide.js';

interface SecretOnceProps {
  secret: string;
  /** With how a receiver verifies; left out for whoever had one already. */
  hasGuide?: boolean;
  /** Until when the one before is good as well, and the like. */
  children?: ReactNode;
}

/**
 * A signing secret that is shown this once, with what verifies deliveries by it. Whoever shows it keeps it nowhere: when
 * the page is left, it is gone.
 */
export function SecretOnce({ secret, hasGuide = true, children }: SecretOnceProps) {
  return (
    <Card title="Signing secret">
      <div className="stack">
        <Notice kind="warn" title="Copy the secret now: it is shown only this once.">
          Your receiver verifies with it that a delivery comes from Tripline. If it is lost, rotate it to get another
          one.
        </Notice>
        <CopyField label="Secret" value={secret} />
        {children}
        {hasGuide && <VerificationGuide />}
      </div>
    </Card>
  );
}
