const HOUR_MS = 3_600_000;
/** The longest overlap that the API takes: a week. */
export const OVERLAP_HOURS_MAX = 168;

/** How an overlap that was chosen reads: "1 day 2 hours", "none: the old secret ends at once". */
export function overlapWords(hours: number): string {
  if (hours === 0) return 'none: the old secret ends at once';
  const [days, rest] = [Math.floor(hours / 24), hours % 24];
  const parts = [
    days > 0 && `${days} ${days === 1 ? 'day' : 'days'}`,
    rest > 0 && `${rest} ${rest === 1 ? 'hour' : 'hours'}`,
  ];
  return parts.filter(Boolean).join(' ');
}

/** When an overlap ends that begins now. */
export function overlapEnd(hours: number, nowMs: number): string {
  return new Date(nowMs + hours * HOUR_MS).toISOString();
}

/** What is wrong with a secret of one's own, as far as it can be told here; undefined for none or a right one. */
export function secretProblem(secret: string): string | undefined {
  if (secret === '') return undefined;
  if (secret.startsWith('whsec_')) {
    const bytes = base64Bytes(secret.slice('whsec_'.length));
    if (bytes === undefined) return 'What follows whsec_ is not base64.';
    return bytes >= 24 && bytes <= 64 ? undefined : `whsec_ needs 24 to 64 bytes in base64; these are ${bytes}.`;
  }
  if (!/^[\x20-\x7e]*$/.test(secret)) return 'Use printable ASCII characters only.';
  return secret.length >= 16 && secret.length <= 128
    ? undefined
    : `Use 16 to 128 characters; these are ${secret.length}.`;
}

function base64Bytes(text: string): number | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
}

/** What is known of an endpoint's secrets. `overlapUntil` is null when one secret alone signs. */
export interface SecretStanding {
  rotatedAt: string | null;
  overlapUntil: string | null;
  lastDeliveredAt: string | null;
}

/**
 * What is to be said of the secrets. Whoever takes either signature says nothing of the new one, so a delivery that
 * arrived proves it only after the old one has ended.
 */
export function standingWords({ rotatedAt, overlapUntil, lastDeliveredAt }: SecretStanding, nowMs: number) {
  if (overlapUntil !== null && Date.parse(overlapUntil) > nowMs) {
    return { isOverlapping: true, accepted: 'not known while both sign' };
  }
  if (rotatedAt === null)
    return { isOverlapping: false, accepted: lastDeliveredAt === null ? 'nothing delivered yet' : 'yes' };
  const begins = Math.max(Date.parse(rotatedAt), overlapUntil === null ? 0 : Date.parse(overlapUntil));
  const isProven = lastDeliveredAt !== null && Date.parse(lastDeliveredAt) > begins;
  return { isOverlapping: false, accepted: isProven ? 'yes' : 'not known: nothing was delivered since' };
}
