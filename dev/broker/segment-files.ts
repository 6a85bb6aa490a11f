import fs from 'node:fs';
import path from 'node:path';
import { FileByteStore, MemoryByteStore } from './byte-store.js';
import { type BatchHeader, readBatch } from './record-batch.js';
import { Segment } from './segment.js';

const SEGMENT_FILE = /^(\d{20})\.log$/;
const LOG_START_FILE = 'log-start';

/**
 * Where one partition's segments live: files named after their first offset, in a directory of their own, or memory
 * when there is no directory.
 */
export class SegmentFiles {
  constructor(private readonly directory: string | undefined) {
    if (directory !== undefined) fs.mkdirSync(directory, { recursive: true });
  }

  create(baseOffset: number, nowMs: number): Segment {
    if (this.directory === undefined) return new Segment(baseOffset, new MemoryByteStore(), nowMs);
    const file = path.join(this.directory, `${String(baseOffset).padStart(20, '0')}.log`);
    fs.writeFileSync(file, '', { mode: 0o600 }); // At once: an empty segment remembers where an emptied log goes on.
    return new Segment(baseOffset, new FileByteStore(file, 0), nowMs);
  }

  /**
   * Reads the segments back, oldest first, and verifies every batch.
   *
   * The log ends before the first batch that is torn, corrupt or out of order: a killed broker leaves such a batch at
   * the very end, where nobody was told yet that it is stored. `onBatch` sees every batch that is kept, `onCut` is told
   * in one line what was cut off.
   */
  load(onBatch: (header: BatchHeader) => void, onCut: (line: string) => void): Segment[] {
    const segments: Segment[] = [];
    let isCut = false;
    for (const { file, baseOffset } of this.#list()) {
      const isInOrder = baseOffset >= (segments.at(-1)?.endOffset ?? 0);
      if (isCut || !isInOrder) {
        onCut(`${file} follows a break in the log and is deleted.`);
        fs.rmSync(file);
        continue;
      }
      const { segment, cutBytes } = loadSegment(file, baseOffset, onBatch);
      if (cutBytes > 0) onCut(`${file} ends with a broken batch: ${cutBytes} bytes are cut off.`);
      isCut = cutBytes > 0;
      segments.push(segment);
    }
    return segments;
  }

  /** The offset before which records were deleted within a segment; 0 when there was no such deletion. */
  loadLogStart(): number {
    if (this.directory === undefined) return 0;
    const file = path.join(this.directory, LOG_START_FILE);
    return fs.existsSync(file) ? Number(fs.readFileSync(file, 'utf8')) || 0 : 0;
  }

  saveLogStart(offset: number): void {
    if (this.directory !== undefined) replaceFile(path.join(this.directory, LOG_START_FILE), String(offset));
  }

  remove(): void {
    if (this.directory !== undefined) fs.rmSync(this.directory, { recursive: true, force: true });
  }

  #list(): { file: string; baseOffset: number }[] {
    const { directory } = this;
    if (directory === undefined) return [];
    const names = fs.readdirSync(directory).filter((name) => SEGMENT_FILE.test(name));
    return names.sort().map((name) => ({ file: path.join(directory, name), baseOffset: Number.parseInt(name, 10) }));
  }
}

/** Writes a file so that whoever reads it, even after `kill -9`, finds the old text or the new one, whole. */
export function replaceFile(file: string, text: string): void {
  fs.writeFileSync(`${file}.new`, text, { mode: 0o600 });
  fs.renameSync(`${file}.new`, file);
}

function loadSegment(
  file: string,
  baseOffset: number,
  onBatch: (header: BatchHeader) => void,
): { segment: Segment; cutBytes: number } {
  const bytes = fs.readFileSync(file);
  const store = new FileByteStore(file, bytes.length);
  const segment = new Segment(baseOffset, store, fs.statSync(file).mtimeMs);
  while (segment.sizeBytes < bytes.length) {
    const batch = readBatch(bytes, segment.sizeBytes);
    if (batch.kind !== 'ok' || batch.header.baseOffset < segment.endOffset) break;
    segment.adopt(batch.header, batch.header.baseOffset);
    onBatch(batch.header);
  }
  const cutBytes = bytes.length - segment.sizeBytes;
  if (cutBytes > 0) store.truncate(segment.sizeBytes);
  store.close();
  return { segment, cutBytes };
}
