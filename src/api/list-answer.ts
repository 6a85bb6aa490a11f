import type { Request, Response } from 'express';
import { nextLink } from './page.js';
import type { Page } from './page.js';

/** Answers a page as a bare array, as lists of the original API are; the `Link` header names the next one. */
export function listAnswer<T>(page: Page<T>, limit: number, request: Request, response: Response): T[] {
  if (page.next !== undefined) response.set('Link', nextLink(request.path, limit, page.next));
  return page.entries;
}
