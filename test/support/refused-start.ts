/** What a product says of parts that will have nothing to do with it: when it starts, and while it runs. */
import { Product, type LogLine } from './product.js';

export interface RefusedStart {
  code: number | null;
  /** The messages of its error lines, causes left out. */
  errors: string[];
  /** Everything that it wrote. */
  output: string;
}

/** A start that has not ended by then is not refused. */
const PATIENCE_MS = 60_000;

/** Starts a product that is expected to end by itself; the code is null when it does not. */
export async function refusedStart(environment: Record<string, string | undefined>): Promise<RefusedStart> {
  const product = Product.launch({ environment });
  const timer = setTimeout(() => void product.kill(), PATIENCE_MS);
  const code = await product.ended();
  clearTimeout(timer);
  return { code, errors: errorsOf(product), output: outputOf(product) };
}

/** The messages of a product's error lines so far. */
export function errorsOf(product: Product): string[] {
  return product.lines.filter(({ level }) => isError(level)).map(textOf);
}

/** Everything that a product wrote so far. */
export function outputOf(product: Product): string {
  return [...product.lines.map((line) => JSON.stringify(line)), product.tail()].join('\n');
}

/** The status of `/ready` and what each check says. */
export async function readiness(product: Product): Promise<{ status: number; checks: Record<string, boolean> }> {
  const answer = await fetch(`${product.monitorUrl}/ready`);
  return { status: answer.status, checks: ((await answer.json()) as { checks: Record<string, boolean> }).checks };
}

function isError(level: string): boolean {
  return level === 'error' || level === 'fatal';
}

function textOf({ msg, err }: LogLine): string {
  const message = (err as { message?: string } | undefined)?.message;
  return message === undefined ? msg : `${msg}: ${message}`;
}
