/**
 * A new name for one request that changes something, so that sending it twice does it once. `crypto.randomUUID` is only
 * there on https and on localhost.
 */
export function requestKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
