/** How a state of a page is come by. */
import type { Page } from 'playwright-core';
import type { Seeded } from './seeded-world.js';

/** A state of a page that is looked at. */
export interface PageLook {
  name: string;
  /** As the router has it; undefined for what is no page. */
  route?: string;
  address: string | ((seeded: Seeded) => string);
  /** What is to be seen before it is looked at. */
  shows: string | RegExp;
  /** Answers in place of the API, by a part of the address: a body, or a status without any. */
  answers?: Record<string, object | number>;
  /** What the page itself complains of. */
  complains?: RegExp;
  /** The page does not let go of what was typed, or is not to be gone on with. */
  holds?: true;
  /** What is done first. */
  open?: (page: Page) => Promise<unknown>;
  /** Of something that stands over the page and hides the rest. */
  scope?: string[];
  /** Where there is nothing to open in a wide window. */
  isNarrowOnly?: boolean;
}

/** A page of one of the webhooks. */
export const webhook = (kind: keyof Seeded['webhooks'], rest = '') => ({
  route: `/webhooks/$id${rest.replace(/\?.*/, '')}`,
  address: ({ webhooks }: Seeded) => `/webhooks/${webhooks[kind]}${rest}`,
});
