import { promisify } from 'node:util';
import zlib from 'node:zlib';
import kafkajs from 'kafkajs';
import { compressSnappy, decompressSnappy } from './snappy.js';
import { standIn } from './unreadable-batch.js';

const { CompressionCodecs, CompressionTypes } = kafkajs;

/** What a batch may become; brokers limit only its compressed size (10 MiB with DIMO's producers). */
const BATCH_BYTES_MAX = 256 * 1024 * 1024;

const gunzip = promisify(zlib.gunzip);
const gzip = promisify(zlib.gzip);

interface Codec {
  name: string;
  compress: (bytes: Buffer) => Promise<Buffer>;
  /** Rejects bytes that are not this codec's; undefined where it is not supported. */
  decompress?: (bytes: Buffer) => Promise<Buffer>;
}

/**
 * Teaches kafkajs, for the whole process, to read snappy as DIMO's producers write it, and gzip with a limit. A batch in
 * a codec that is not supported, or one that is damaged, comes out as records that say so, see `standIn`.
 */
export function installCodecs(): void {
  install(CompressionTypes.Snappy, {
    name: 'snappy',
    compress: (bytes) => Promise.resolve(compressSnappy(bytes)),
    decompress: (bytes) => Promise.resolve().then(() => decompressSnappy(bytes, BATCH_BYTES_MAX)),
  });
  install(CompressionTypes.GZIP, {
    name: 'gzip',
    compress: (bytes) => gzip(bytes),
    decompress: (bytes) => gunzip(bytes, { maxOutputLength: BATCH_BYTES_MAX }),
  });
  install(CompressionTypes.LZ4, readOnly('lz4'));
  install(CompressionTypes.ZSTD, readOnly('zstd', zstdOfNode()));
}

function readOnly(name: string, decompress?: Codec['decompress']): Codec {
  const compress = () => Promise.reject(new Error(`${name} is not written`));
  return decompress ? { name, compress, decompress } : { name, compress };
}

/** Node has zstd from 22.15 on. */
function zstdOfNode(): Codec['decompress'] {
  const { zstdDecompress } = zlib as typeof zlib & { zstdDecompress?: typeof zlib.gunzip };
  if (!zstdDecompress) return undefined;
  const decompress = promisify(zstdDecompress);
  return (bytes) => decompress(bytes, { maxOutputLength: BATCH_BYTES_MAX });
}

function install(type: number, { name, compress, decompress }: Codec): void {
  CompressionCodecs[type as keyof typeof CompressionCodecs] = () => ({
    compress: (encoder: { buffer: Buffer }) => compress(encoder.buffer),
    decompress: async (bytes: Buffer) => {
      if (!decompress) return standIn(bytes, { kind: 'unsupported_codec', detail: name });
      try {
        return await decompress(bytes);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return standIn(bytes, { kind: 'corrupt', detail: `${name}: ${reason}` });
      }
    },
  });
}
