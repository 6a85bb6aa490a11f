/** The Castagnoli polynomial, bits reversed (RFC 3720, appendix B.4), which Kafka's record batches use. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  return remainder;
});

/** The CRC-32C of `bytes`, as an unsigned 32-bit number. Node's zlib has CRC-32 only. */
export function crc32c(bytes: Uint8Array): number {
  let remainder = -1;
  for (let index = 0; index < bytes.length; index++) {
    // Both indexes are in range: the loop's bound, and a byte into a table of 256.
    remainder = TABLE[(remainder ^ bytes[index]!) & 0xff]! ^ (remainder >>> 8);
  }
  return ~remainder >>> 0;
}
