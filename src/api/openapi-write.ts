/** Run after a build: `node dist/api/openapi-write.js [file]` writes the document, by default to `docs/openapi.json`. */
import 'reflect-metadata';
import { writeDocument } from './openapi-print.js';

await writeDocument(process.argv[2] ?? 'docs/openapi.json');
