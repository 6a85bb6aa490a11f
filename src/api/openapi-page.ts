import { SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import { Catalog } from '../core/catalog.js';
import { createAsyncDocument } from './asyncapi-document.js';
import { createDocument } from './openapi-document.js';
import { pageHeaders } from './page-headers.js';

/**
 * Serves the OpenAPI document: a page at `/swagger`, JSON at `/openapi.json` and at `/swagger/doc.json`, where the
 * original has it; and the AsyncAPI document at `/asyncapi.json`, with the names of this installation's catalogue. Call before the application is initialised; the document is made when it is first asked for.
 */
export function serveDocument(app: NestExpressApplication): void {
  let document: OpenAPIObject | undefined;
  let asyncDocument: Record<string, unknown> | undefined;
  const current = () => (document ??= createDocument(app));
  app.use('/v1/swagger', (request: Request, response: Response) => {
    response.redirect(307, `/swagger${request.url === '/' ? '' : request.url}`);
  });
  // Its styles stand in its HTML, and some of its pictures in its styles.
  app.use('/swagger', pageHeaders({ styleSrc: ["'self'", "'unsafe-inline'"], imgSrc: ["'self'", 'data:'] }));
  app
    .getHttpAdapter()
    .getInstance()
    .get('/swagger/doc.json', (_request: Request, response: Response) => {
      response.json(current());
    })
    .get('/asyncapi.json', (_request: Request, response: Response) => {
      response.json((asyncDocument ??= createAsyncDocument(app.get(Catalog))));
    });
  SwaggerModule.setup('swagger', app, current, {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Tripline',
    // Without this the page would send the document to swagger.io to be judged.
    swaggerOptions: { validatorUrl: null },
  });
}
