/** A check that has not answered by then has failed: orchestrators ask every few seconds. */
const CHECK_TIMEOUT_MS = 2000;

type Check = () => Promise<boolean> | boolean;

/** What `Health` found: ready when every check passed. */
export interface HealthReport {
  ready: boolean;
  checks: Record<string, boolean>;
}

/** Whether this process can do its work now. Parts register a check; all checks run together, each time it is asked. */
export class Health {
  private readonly checks = new Map<string, Check>();
  private readonly checkTimeoutMs: number;

  constructor(options: { checkTimeoutMs?: number } = {}) {
    this.checkTimeoutMs = options.checkTimeoutMs ?? CHECK_TIMEOUT_MS;
  }

  /** Adds a check that is true when the part works; it fails when it throws or takes longer than 2 s. Replaces a check of that name. */
  register(name: string, check: Check): void {
    this.checks.set(name, check);
  }

  /** Never throws; takes no longer than the bound of one check. Without checks a process is ready. */
  async report(): Promise<HealthReport> {
    const results = await Promise.all(
      [...this.checks].map(async ([name, check]) => [name, await passes(check, this.checkTimeoutMs)] as const),
    );
    return { ready: results.every(([, passed]) => passed), checks: Object.fromEntries(results) };
  }
}

async function passes(check: Check, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return (await Promise.race([Promise.resolve().then(check), late])) === true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
