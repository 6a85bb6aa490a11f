import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** With the one before it, what a part of a development start may write to disk. */
const MAX_BYTES = 20 * 1024 * 1024;

/** How many lines there are to show when the part has died. */
const TAIL_LINES = 20;

/** A log on disk that keeps its size: the file of the last start, or the full one, stays beside it as `.1`. */
export class LogFile {
  private bytes = 0;
  private readonly lines: string[] = [];

  constructor(readonly path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.rotate();
  }

  write(line: string): void {
    appendFileSync(this.path, `${line}\n`, { mode: 0o600 });
    this.lines.push(line);
    if (this.lines.length > TAIL_LINES) this.lines.shift();
    this.bytes += Buffer.byteLength(line) + 1;
    if (this.bytes > MAX_BYTES) this.rotate();
  }

  /** The last lines that were written. */
  get tail(): readonly string[] {
    return this.lines;
  }

  private rotate(): void {
    this.bytes = 0;
    if (!statSync(this.path, { throwIfNoEntry: false })) return;
    rmSync(`${this.path}.1`, { force: true });
    renameSync(this.path, `${this.path}.1`);
  }
}
