import { compress, uncompress } from 'snappyjs';

/** The header of snappy-java's stream format, which Java producers write around raw snappy blocks. */
const XERIAL_HEADER = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** Header, version and oldest compatible version. */
const XERIAL_PREFIX_BYTES = 16;
const LENGTH_BYTES = 4;

/** Reads both forms that producers send: one raw snappy block, or snappy-java's framed blocks. Throws on other bytes. */
export function decompressSnappy(bytes: Buffer, bytesMax: number): Buffer {
  if (!bytes.subarray(0, XERIAL_HEADER.length).equals(XERIAL_HEADER)) return uncompress(bytes, bytesMax);
  const blocks: Buffer[] = [];
  let leftBytes = bytesMax;
  for (let at = XERIAL_PREFIX_BYTES; at < bytes.length;) {
    const start = at + LENGTH_BYTES;
    const end = start + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new Error('a snappy block is cut off');
    const block = uncompress(bytes.subarray(start, end), leftBytes);
    leftBytes -= block.length;
    blocks.push(block);
    at = end;
  }
  return Buffer.concat(blocks);
}

export function compressSnappy(bytes: Buffer): Buffer {
  return Buffer.from(compress(bytes));
}
