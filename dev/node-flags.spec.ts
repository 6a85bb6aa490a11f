import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { NODE_FLAGS } from './node-flags.js';

test.each([
  { file: 'package.json', command: `"exec node ${NODE_FLAGS.join(' ')} dist/main.js"` },
  { file: 'package.json', command: `exec node ${NODE_FLAGS.join(' ')} build/bench/run.js"` },
  {
    file: 'Dockerfile',
    command: `CMD ${JSON.stringify(['node', ...NODE_FLAGS, 'dist/main.js']).replaceAll(',', ', ')}`,
  },
])('$file runs the product as development does: $command', ({ file, command }) => {
  expect(readFileSync(file, 'utf8')).toContain(command);
});
