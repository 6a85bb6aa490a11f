/** What Standard Webhooks signs, and the header with the signatures. */
export interface SignedRequest {
  /** `webhook-id`. */
  id: string;
  /** `webhook-timestamp`, Unix seconds as text. */
  timestamp: string;
  /** `webhook-signature`: one or more by space. On record each is cut off, with `…` at its end. */
  signature: string;
  body: string;
}

/** What the receiver says that it got, as far as someone pasted it. */
export interface Received {
  body?: string;
  signature?: string;
}

export interface SignatureQuestion {
  /** Undefined where the page has none: it came over plain http. */
  subtle: SubtleCrypto | undefined;
  /** `whsec_…`, another text that the owner chose, or `whpk_…`. */
  key: string;
  sent: SignedRequest;
  received?: Received;
  /** When the secret was replaced since, ms since 1970; after the attempt alone. */
  rotatedAtMs?: number | undefined;
}

/** Which of the signatures a key made: while a rotation lasts the new secret's stands first, the old one's second. */
export type Place = 'only' | 'new' | 'old';

export type SignatureVerdict =
  | { kind: 'no_crypto' }
  | { kind: 'no_key'; problem: string }
  | { kind: 'no_signature'; scheme: 'v1' | 'v1a' }
  /** An ed25519 signature is judged as a whole, and what is on record is cut off. */
  | { kind: 'needs_signature' }
  | { kind: 'no_ed25519' }
  | { kind: 'matches'; scheme: 'v1' | 'v1a'; place: Place }
  /** The secret is right, what was pasted as body is not what was sent. `at` is where they part, from 0. */
  | { kind: 'body_changed'; at: number; isOnlySpelling: boolean }
  | { kind: 'signature_changed' }
  | { kind: 'rotated'; atMs: number }
  | { kind: 'wrong_key'; scheme: 'v1' | 'v1a' };

const SECRET_PREFIX = 'whsec_';
const PUBLIC_PREFIX = 'whpk_';
const PRIVATE_PREFIX = 'whsk_';
const PUBLIC_KEY_BYTES = 32;

/**
 * Whether a key made the signature of a request, and if not, why. Everything happens here: neither the key nor what was
 * pasted goes anywhere.
 */
export async function checkSignature(question: SignatureQuestion): Promise<SignatureVerdict> {
  const { subtle } = question;
  if (!subtle) return { kind: 'no_crypto' };
  const key = readKey(question.key);
  if (key.kind === 'wrong') return { kind: 'no_key', problem: key.problem };
  return key.kind === 'secret' ? checkSecret(subtle, key.bytes, question) : checkPublicKey(subtle, key.bytes, question);
}

type Key = { kind: 'secret' | 'public'; bytes: Uint8Array<ArrayBuffer> } | { kind: 'wrong'; problem: string };

function readKey(text: string): Key {
  const key = text.trim();
  if (key === '') return { kind: 'wrong', problem: 'Paste the secret.' };
  if (key.startsWith(PRIVATE_PREFIX)) return { kind: 'wrong', problem: 'This is a private key. Paste the public one.' };
  if (key.startsWith(PUBLIC_PREFIX)) {
    const bytes = bytesOfBase64(key.slice(PUBLIC_PREFIX.length));
    if (bytes?.length === PUBLIC_KEY_BYTES) return { kind: 'public', bytes };
    return { kind: 'wrong', problem: 'This is no whole public key: whpk_ and the base64 of 32 bytes.' };
  }
  if (!key.startsWith(SECRET_PREFIX)) return { kind: 'secret', bytes: new TextEncoder().encode(key) };
  const bytes = bytesOfBase64(key.slice(SECRET_PREFIX.length));
  if (bytes && bytes.length > 0) return { kind: 'secret', bytes };
  return { kind: 'wrong', problem: 'This is no whole secret: what follows whsec_ is not base64.' };
}

async function checkSecret(
  subtle: SubtleCrypto,
  secret: Uint8Array<ArrayBuffer>,
  { sent, received = {}, rotatedAtMs }: SignatureQuestion,
): Promise<SignatureVerdict> {
  const recorded = signaturesOf(sent.signature, 'v1');
  if (recorded.length === 0) return { kind: 'no_signature', scheme: 'v1' };
  const key = await subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const signatureOf = async (body: string) => base64Of(await subtle.sign('HMAC', key, contentOf({ ...sent, body })));
  const ofSent = await signatureOf(sent.body);
  const ofReceived = received.body === undefined ? ofSent : await signatureOf(received.body);
  const place = placeOf(ofReceived, recorded);
  if (place === undefined) {
    // With the body that is on record it matches: the key is right, so it is the body that is not.
    if (placeOf(ofSent, recorded) !== undefined) return changedBody(sent.body, received.body ?? '');
    return rotatedAtMs === undefined ? { kind: 'wrong_key', scheme: 'v1' } : { kind: 'rotated', atMs: rotatedAtMs };
  }
  const pasted = received.signature === undefined ? undefined : signaturesOf(received.signature, 'v1');
  if (pasted && placeOf(ofReceived, pasted) === undefined) return { kind: 'signature_changed' };
  return { kind: 'matches', scheme: 'v1', place };
}

async function checkPublicKey(
  subtle: SubtleCrypto,
  publicKey: Uint8Array<ArrayBuffer>,
  { sent, received = {}, rotatedAtMs }: SignatureQuestion,
): Promise<SignatureVerdict> {
  const recorded = signaturesOf(sent.signature, 'v1a');
  if (recorded.length === 0) return { kind: 'no_signature', scheme: 'v1a' };
  const whole = signaturesOf(received.signature ?? sent.signature, 'v1a');
  if (whole.length === 0) return { kind: 'no_signature', scheme: 'v1a' };
  if (whole.some((signature) => signature.endsWith('…'))) return { kind: 'needs_signature' };
  if (!whole.some((signature) => placeOf(signature, recorded) !== undefined)) return { kind: 'signature_changed' };
  const key = await importEd25519(subtle, publicKey);
  if (key === undefined) return { kind: 'no_ed25519' };
  const placeFor = async (body: string): Promise<Place | undefined> => {
    for (const [index, signature] of whole.entries()) {
      const bytes = bytesOfBase64(signature);
      const content = contentOf({ ...sent, body });
      if (bytes && (await subtle.verify('Ed25519', key, bytes, content))) return placeAt(index, whole.length);
    }
    return undefined;
  };
  const place = await placeFor(received.body ?? sent.body);
  if (place !== undefined) return { kind: 'matches', scheme: 'v1a', place };
  if (received.body !== undefined && (await placeFor(sent.body)) !== undefined) {
    return changedBody(sent.body, received.body);
  }
  return rotatedAtMs === undefined ? { kind: 'wrong_key', scheme: 'v1a' } : { kind: 'rotated', atMs: rotatedAtMs };
}

/** Undefined in a browser that has no ed25519. */
async function importEd25519(subtle: SubtleCrypto, bytes: Uint8Array<ArrayBuffer>): Promise<CryptoKey | undefined> {
  try {
    return await subtle.importKey('raw', bytes, 'Ed25519', false, ['verify']);
  } catch {
    return undefined;
  }
}

function contentOf({ id, timestamp, body }: Omit<SignedRequest, 'signature'>): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${id}.${timestamp}.${body}`);
}

/** The signatures of one scheme, without its name, in their order. */
function signaturesOf(header: string, scheme: 'v1' | 'v1a'): string[] {
  return header
    .split(/\s+/)
    .filter((text) => text.startsWith(`${scheme},`))
    .map((text) => text.slice(scheme.length + 1));
}

/** Which of the recorded signatures this one is. Those on record are cut off, yet long enough to tell two apart. */
function placeOf(signature: string, recorded: readonly string[]): Place | undefined {
  const index = recorded.findIndex((text) =>
    text.endsWith('…') ? signature.startsWith(text.slice(0, -1)) : signature === text,
  );
  return index < 0 ? undefined : placeAt(index, recorded.length);
}

function placeAt(index: number, count: number): Place {
  if (count === 1) return 'only';
  return index === 0 ? 'new' : 'old';
}

function changedBody(sent: string, received: string): SignatureVerdict {
  let at = 0;
  while (at < sent.length && sent[at] === received[at]) at++;
  return { kind: 'body_changed', at, isOnlySpelling: isSameJson(sent, received) };
}

/** Whether two texts mean the same: then something read the JSON and wrote it again. */
function isSameJson(one: string, other: string): boolean {
  try {
    return sorted(JSON.parse(one)) === sorted(JSON.parse(other));
  } catch {
    return false;
  }
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function base64Of(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
