/** A real browser, and what must not happen in it: errors, broken policies, foreign requests, what cannot be read. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { AxeResults } from 'axe-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** WCAG 2.0 to 2.2, A and AA, and what good practice asks for besides. */
const EVERY_RULE = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** What can differ between themes and widths. */
const RULES_OF_LOOKS = ['color-contrast', 'target-size'];
/** An address of no page. */
export const NOWHERE = '/nowhere';
const HEIGHT = 820;
/** So far something may stand in the padding of what is around it, as a cross does. */
const PADDING_MAX = 8;

declare global {
  var axe: { run(scope: unknown, options: unknown): Promise<AxeResults> };
  var tellBrokenPolicy: (what: string) => void;
}

/** How a page is looked at. */
export interface Look {
  theme: 'light' | 'dark';
  /** Of the window, in pixels. */
  width: number;
  /** Dots for each of them, 1 unless it is a picture. */
  pixelRatio?: number;
}

/** Debian's Chromium, or the one that `CHROMIUM` names. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--font-render-hinting=none', '--disable-lcd-text'],
  });
}

/** A window that writes down what is wrong, and which requests it sends. */
export class Visit {
  readonly faults: string[] = [];
  readonly requests: { method: string; path: string }[] = [];

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
    private readonly origin: string,
  ) {}

  static async open(browser: Browser, origin: string, { theme, width, pixelRatio = 1 }: Look): Promise<Visit> {
    const context = await browser.newContext({
      viewport: { width, height: HEIGHT },
      deviceScaleFactor: pixelRatio,
      colorScheme: theme,
      locale: 'en-GB',
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const visit = new Visit(await context.newPage(), context, origin);
    await visit.watch();
    return visit;
  }

  async close(): Promise<void> {
    await this.context.close();
  }

  /** Goes to a page of the console by its address, which is loaded anew. */
  async goto(path: string): Promise<void> {
    await this.page.goto(`${this.origin}/console${path}`);
  }

  /** Goes on to a page as a link does, by way of an address of no page, so that nothing is left of the one before. */
  async goOn(path: string): Promise<void> {
    const { page } = this;
    if (!page.url().startsWith(this.origin)) return this.goto(path);
    const follow = (to: string) => page.evaluate((url) => history.pushState({}, '', url), `/console${to}`);
    const nowhere = page.getByRole('heading', { level: 1, name: 'There is no such page' });
    await follow(NOWHERE);
    await nowhere.waitFor();
    if (path === NOWHERE) return;
    await follow(path);
    await nowhere.waitFor({ state: 'detached' });
  }

  /** Leaves the console; who is signed in stays so. */
  async leave(): Promise<void> {
    await this.page.goto('about:blank');
  }

  /** Signs in with a token or key; without one, with what the form is filled in with. */
  async signIn(token?: string): Promise<void> {
    await this.goto('/sign-in');
    const button = this.page.getByRole('button', { name: 'Sign in', exact: true });
    const field = this.page.getByLabel('Developer token or API key');
    await this.page.getByText('The demo’s token is filled in.').waitFor();
    if (token !== undefined) await field.fill(token);
    await button.click();
    await this.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  }

  /** Changes what the system prefers; the page follows. */
  async prefer(theme: Look['theme']): Promise<void> {
    await this.page.emulateMedia({ colorScheme: theme });
    await this.page.locator(`html[data-theme=${theme}]`).waitFor();
  }

  /**
   * What is wrong with what is shown, as lines that begin with where it was: what axe finds, what is cut off or wider than
   * the window, another number of main headings than one, and what was written down since.
   */
  async look(where: string, { isThorough = false, scope }: { isThorough?: boolean; scope?: string[] } = {}) {
    const axe = await this.axe(isThorough, scope);
    const headings = await this.page.locator('h1').count();
    return [
      ...axe,
      ...(headings === 1 ? [] : [`${headings} main headings`]),
      ...(await this.cutOff()).map((what) => `cut off: ${what}`),
      ...this.faults.splice(0),
    ].map((line) => `${where}: ${line}`);
  }

  /** All rules when it is looked at thoroughly. `scope` leaves out what stands behind a list that is open. */
  private async axe(isThorough: boolean, scope?: string[]): Promise<string[]> {
    if (!(await this.page.evaluate(() => 'axe' in globalThis))) await this.page.evaluate(AXE);
    const { violations } = await this.page.evaluate(
      ([include, runOnly]) =>
        globalThis.axe.run(include ? { include } : document, { runOnly, resultTypes: ['violations'] }),
      [scope, isThorough ? EVERY_RULE : RULES_OF_LOOKS] as const,
    );
    return violations.map(({ id, nodes }) => `${id} ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  }

  /** What is wider than what it stands in, or higher where it cannot be scrolled; and whether the window is. */
  private cutOff(): Promise<string[]> {
    return this.page.evaluate((paddingMax) => {
      const LEFT_OUT = '.hidden-text, .hidden-text *, svg, svg *, input, .cm-editor *, .clipped';
      const isCut = (element: Element): boolean => {
        const { scrollWidth, clientWidth, scrollHeight, clientHeight } = element;
        // What only readers of screens find is one pixel wide; what is in a line of text has no width of its own.
        if (clientWidth <= 1 || element.matches(LEFT_OUT)) return false;
        const isHigher = scrollHeight > clientHeight + 1;
        const spill = scrollWidth - clientWidth;
        if (!isHigher && spill <= 1) return false;
        const { overflowX, overflowY } = getComputedStyle(element);
        if (overflowX === 'visible') return spill > paddingMax;
        const hides = (overflow: string) => overflow === 'hidden' || overflow === 'clip';
        return (spill > 1 && hides(overflowX)) || (isHigher && hides(overflowY));
      };
      const cut = [...document.querySelectorAll('body *')].filter(isCut);
      const { scrollWidth, clientWidth } = document.documentElement;
      return [
        ...(scrollWidth > clientWidth ? [`the page, ${scrollWidth} wide`] : []),
        ...cut
          .filter((element) => !cut.some((other) => other !== element && element.contains(other)))
          .map((element) => `${element.tagName} ${element.className} ${element.textContent?.slice(0, 60)}`),
      ];
    }, PADDING_MAX);
  }

  private async watch(): Promise<void> {
    const { page } = this;
    page.on('pageerror', (error) => this.faults.push(`error: ${error.message}`));
    page.on('console', (message) => {
      // Answers of 400 and above are part of what is tried; what breaks the policy is told apart below.
      if (message.type() === 'error' && !/^Failed to load resource|Content Security Policy/.test(message.text()))
        this.faults.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.origin === this.origin) this.requests.push({ method: request.method(), path: url.pathname });
      else if (url.protocol !== 'blob:') this.faults.push(`foreign request: ${request.url()}`);
    });
    await page.exposeFunction('tellBrokenPolicy', (what: string) => this.faults.push(`policy: ${what}`));
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        // What Chromium itself adds while one types over a selection in the editor.
        if (event.target instanceof Element && event.target.closest('.cm-content')) return;
        globalThis.tellBrokenPolicy(`${event.effectiveDirective} ${event.sourceFile}:${event.lineNumber}`);
      });
    });
  }
}
