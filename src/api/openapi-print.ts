import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { ApiModule } from './api.module.js';
import type { ApiParts } from './api-parts.js';
import { createDocument } from './openapi-document.js';

/**
 * The document as the text of a file. Nothing is connected to: routes are only looked at, so the parts that would
 * answer them are not needed.
 */
export async function printDocument(): Promise<string> {
  const parts = { adminToken: 'none' } as unknown as ApiParts;
  const app = await NestFactory.create(ApiModule.with(parts), { logger: false, preview: true, abortOnError: false });
  const document = createDocument(app);
  await app.close();
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Writes the document to a file. */
export async function writeDocument(path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, await printDocument());
}
