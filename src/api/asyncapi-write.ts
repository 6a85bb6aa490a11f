/** Run after a build: `node dist/api/asyncapi-write.js [file]` writes the document, by default to `docs/asyncapi.json`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { builtInCatalog } from '../core/catalog.js';
import { createAsyncDocument } from './asyncapi-document.js';

const path = process.argv[2] ?? 'docs/asyncapi.json';
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, `${JSON.stringify(createAsyncDocument(builtInCatalog), null, 2)}\n`);
