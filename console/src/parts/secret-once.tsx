import type { ReactNode } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { CodeBlock } from './code.js';
import { CopyField } from './copy.js';
import { Notice } from './notice.js';
import { Card } from './page.js';
import './secret-once.css';
import { VERIFICATION_SAMPLES, type SampleLanguage } from './verification-samples.js';

interface SecretOnceProps {
  secret: string;
  /** Until when the one before is good as well, and the like. */
  children?: ReactNode;
}

/**
 * A signing secret that is shown this once, with what verifies deliveries by it. Whoever shows it keeps it nowhere: when
 * the page is left, it is gone.
 */
export function SecretOnce({ secret, children }: SecretOnceProps) {
  return (
    <Card title="Signing secret">
      <div className="stack">
        <Notice kind="warn" title="Copy the secret now: it is shown only this once.">
          Your receiver verifies with it that a delivery comes from Tripline. If it is lost, rotate it to get another
          one.
        </Notice>
        <CopyField label="Secret" value={secret} />
        {children}
        <VerificationSample />
      </div>
    </Card>
  );
}

/** How a receiver verifies deliveries, in the language of one's choice. */
export function VerificationSample() {
  const languages = Object.entries(VERIFICATION_SAMPLES) as [SampleLanguage, (typeof VERIFICATION_SAMPLES)['node']][];
  return (
    <div className="verification">
      <h3>Verify deliveries in your receiver</h3>
      <p className="hint">
        Pass the secret, the headers and the bytes of the body as they came. It needs nothing but the standard library.
      </p>
      <Tabs>
        <TabList aria-label="Language" className="tabs">
          {languages.map(([id, { name }]) => (
            <Tab key={id} id={id} className="tab">
              {name}
            </Tab>
          ))}
        </TabList>
        {languages.map(([id, { file, text }]) => (
          <TabPanel key={id} id={id} className="tab-panel">
            <CodeBlock label={file} text={text} />
          </TabPanel>
        ))}
      </Tabs>
    </div>
  );
}
