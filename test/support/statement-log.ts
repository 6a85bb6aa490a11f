import pg from 'pg';

/** What time it is, and the next of a license's requests: asked now and then, whatever the call. */
const OWN_BUSINESS = /clock_timestamp\(\)\)::float8|take_quota_v1/;

interface Queries {
  query: (...given: unknown[]) => unknown;
}

/** The texts of all statements of this process, without their parameters, in the order in which they are sent. */
export class StatementLog {
  private readonly texts: string[] = [];
  private readonly original: Queries['query'];

  private constructor(private readonly prototype: Queries) {
    const { texts } = this;
    const original = prototype.query;
    this.original = original;
    prototype.query = function query(this: pg.Client, ...given: unknown[]) {
      const [first] = given;
      const text = typeof first === 'string' ? first : ((first as { text?: string } | undefined)?.text ?? '');
      if (!OWN_BUSINESS.test(text)) texts.push(withoutBreaks(text));
      return original.apply(this, given);
    };
  }

  /** Writes down from now on what any connection is sent, until it is stopped. */
  static start(): StatementLog {
    return new StatementLog(pg.Client.prototype);
  }

  /** What was sent while something was done. Nothing else may go on meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<{ result: T; statements: string[] }> {
    const from = this.texts.length;
    const result = await work();
    return { result, statements: this.texts.slice(from) };
  }

  stop(): void {
    this.prototype.query = this.original;
  }
}

/** A statement's text on one line, as the log has it. */
export function withoutBreaks(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
