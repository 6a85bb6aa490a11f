import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import go from '../../../docs/verify/verify.go?raw';
import node from '../../../docs/verify/verify.mjs?raw';
import python from '../../../docs/verify/verify.py?raw';
import { CodeBlock } from '../parts/code.js';

/** What verifies a delivery, in each language: the files of our documentation, word for word. */
const SAMPLES = [
  { language: 'Node', file: 'verify.mjs', text: node },
  { language: 'Python', file: 'verify.py', text: python },
  { language: 'Go', file: 'verify.go', text: go },
] as const;

/** How a receiver verifies deliveries, in the language of one's choice. */
export function VerificationSamples() {
  return (
    <Tabs>
      <TabList aria-label="Language" className="tabs">
        {SAMPLES.map(({ language }) => (
          <Tab key={language} id={language} className="tab">
            {language}
          </Tab>
        ))}
      </TabList>
      {SAMPLES.map(({ language, file, text }) => (
        <TabPanel key={language} id={language} className="tab-panel">
          <CodeBlock label={file} text={text} />
        </TabPanel>
      ))}
    </Tabs>
  );
}
