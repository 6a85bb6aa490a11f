import go from '../../../docs/verify/verify.go?raw';
import node from '../../../docs/verify/verify.mjs?raw';
import python from '../../../docs/verify/verify.py?raw';

/** Languages that there is a sample for. */
export type SampleLanguage = 'node' | 'python' | 'go';

/** What verifies a delivery, in each language: the files of our documentation, word for word. */
export const VERIFICATION_SAMPLES: Readonly<Record<SampleLanguage, { name: string; file: string; text: string }>> = {
  node: { name: 'Node', file: 'verify.mjs', text: node },
  python: { name: 'Python', file: 'verify.py', text: python },
  go: { name: 'Go', file: 'verify.go', text: go },
};
