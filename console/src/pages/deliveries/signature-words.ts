import { number, utc } from '../../parts/format.js';
import type { SignatureVerdict } from './signature.js';

/** A verdict as the page shows it. */
export interface VerdictWords {
  kind: 'ok' | 'warn' | 'bad' | 'info';
  title: string;
  text: string;
}

const NAMES = { v1: 'secret', v1a: 'public key' } as const;

/** Says what a verdict means and what to do. `isExact` is false where the body could not be made anew to the byte. */
export function verdictWords(verdict: SignatureVerdict, { isExact }: { isExact: boolean }): VerdictWords {
  switch (verdict.kind) {
    case 'matches':
      return { kind: 'ok', ...matchWords(verdict) };
    case 'no_crypto':
      return {
        kind: 'warn',
        title: 'This page cannot check signatures',
        text: 'The browser only calculates on pages that came over https or from localhost. Open the console so.',
      };
    case 'no_ed25519':
      return {
        kind: 'warn',
        title: 'This browser cannot check v1a signatures',
        text: 'It has no Ed25519. Use a newer browser, or check with the secret.',
      };
    case 'no_key':
      return { kind: 'info', title: 'No key to check with', text: verdict.problem };
    case 'no_signature':
      return {
        kind: 'bad',
        title: `There is no ${verdict.scheme} signature`,
        text:
          verdict.scheme === 'v1a'
            ? 'The endpoint signs with its secret alone. Paste the secret, or make the endpoint asymmetric.'
            : 'The header has no signature that was made with a secret.',
      };
    case 'needs_signature':
      return {
        kind: 'info',
        title: 'The whole signature is needed',
        text: 'Signatures are kept shortened here. Paste the webhook-signature header that your receiver got.',
      };
    case 'signature_changed':
      return {
        kind: 'bad',
        title: 'This is not the signature that was sent',
        text: 'It may be of another attempt: each has a signature of its own. Compare webhook-id and webhook-timestamp.',
      };
    case 'body_changed':
      return { kind: 'bad', ...bodyWords(verdict) };
    case 'rotated':
      return {
        kind: 'bad',
        title: 'Another secret signed this attempt',
        text: `The secret was replaced at ${utc(new Date(verdict.atMs).toISOString())}, after this attempt. It is signed with the one before.`,
      };
    case 'wrong_key':
      return { kind: 'bad', ...wrongKeyWords(verdict.scheme, isExact) };
  }
}

type TitleAndText = Omit<VerdictWords, 'kind'>;

function matchWords({ scheme, place }: Extract<SignatureVerdict, { kind: 'matches' }>): TitleAndText {
  const name = NAMES[scheme];
  const title = `The signature matches this ${name}`;
  if (place === 'new') {
    return { title, text: `It is the new ${name}. While the rotation lasts the old one signs too.` };
  }
  if (place === 'old') {
    return {
      title,
      text: `It is the old ${name}: it signs only while the rotation lasts. Give your receiver the new one.`,
    };
  }
  return { title, text: 'If your receiver refuses it, compare the body that it verifies.' };
}

function bodyWords({ at, isOnlySpelling }: Extract<SignatureVerdict, { kind: 'body_changed' }>): TitleAndText {
  const title = 'The secret is right, the body was changed';
  const where = `It differs from the body that was sent at character ${number(at + 1)}.`;
  if (!isOnlySpelling) return { title, text: where };
  const text = `${where} It means the same: something parsed the JSON and wrote it again. Verify the bytes as they came.`;
  return { title, text };
}

function wrongKeyWords(scheme: 'v1' | 'v1a', isExact: boolean): TitleAndText {
  const title = `The signature is not of this ${NAMES[scheme]}`;
  if (!isExact) {
    const text =
      'The payload has a number with more digits than this page can hold, so the body here may differ from what was ' +
      'sent. Paste the body that your receiver got.';
    return { title, text };
  }
  return { title, text: 'It is of another endpoint, of an earlier rotation, or was not copied as a whole.' };
}

/** How far a receiver's clock may be from the sender's; libraries of Standard Webhooks agree on it. */
export const TOLERANCE_SECONDS = 300;

/**
 * How many seconds the receiver's clock is ahead of the request's timestamp, from the `date` of its answer; undefined
 * without one. Above `TOLERANCE_SECONDS` it refuses everything, whatever the secret.
 */
export function clockLead(
  timestamp: string,
  answer: { date: string | undefined; durationMs: number },
): number | undefined {
  const dateMs = Date.parse(answer.date ?? '');
  const sentSeconds = Number(timestamp);
  if (Number.isNaN(dateMs) || !Number.isFinite(sentSeconds) || timestamp === '') return undefined;
  const lead = dateMs / 1000 - (sentSeconds + answer.durationMs / 1000);
  return Math.round(lead);
}
