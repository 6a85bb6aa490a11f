import { z } from 'zod';
import { environment } from './environment.js';

const WIDTH = 110;

/**
 * The text of `.env.example`: each setting with its description; required ones to be filled in, the others commented
 * out with their defaults.
 */
export function envExample(): string {
  const entries = Object.entries(environment.shape).map(([name, field]) => {
    const description = wrap(field.description ?? '').map((line) => `# ${line}`);
    return [...description, assignment(name, field)].join('\n');
  });
  return `# Printed from the schema in src/config/environment.ts: change it there.\n\n${entries.join('\n\n')}\n`;
}

function assignment(name: string, field: z.ZodType): string {
  if (field instanceof z.ZodPrefault) return `#${name}=${String(field.def.defaultValue)}`;
  return field instanceof z.ZodOptional ? `#${name}=` : `${name}=`;
}

function wrap(text: string): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + word.length + 1 > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
