import type { HandshakeStep } from '../target/handshake.js';
import { parseTargetUrl, TARGET_URL_MAX_LENGTH } from '../target/target-url.js';
import { refuseField, text } from './fields.js';
import type { Probes } from './probes.js';
import { Problem } from './problem.js';

const VERIFICATION_TOKEN_LENGTH_MAX = 512;

export const targetUrlField = text(TARGET_URL_MAX_LENGTH)
  .min(1)
  .meta({ description: 'HTTPS address that CloudEvents are posted to.', examples: ['https://example.com/webhook'] });

export const verificationTokenField = text(VERIFICATION_TOKEN_LENGTH_MAX)
  .min(1)
  .refine((token) => token === token.trim(), 'must not begin or end with white space')
  .meta({
    description:
      'Proves that the target is yours: it is asked once, by POST of `{"verification": "test"}`, and must answer 200 ' +
      'with this token as plain text. Never stored.',
    examples: ['1234567890'],
  });

/** Where in a body the URL stands; without one the token is all that the caller gave. */
type UrlPointer = '#/targetURL' | '#/url' | null;

/** Refuses what can be no target whatever stands there: throws a 400. */
export function requireTargetUrl(url: string, pointer: NonNullable<UrlPointer> = '#/targetURL'): URL {
  const parsed = parseTargetUrl(url);
  if (parsed.kind === 'ok') return parsed.url;
  const isOtherScheme = /^(?!https:)[a-z][a-z0-9+.-]*:\/\//i.test(url);
  throw new Problem(400, {
    kind: 'invalid-request',
    message: isOtherScheme ? 'Webhook URL must be HTTPS' : 'Invalid webhook URL',
    detail: parsed.reason,
    errors: [{ pointer, detail: parsed.reason }],
  });
}

/** The token that a target which takes another's place must come with; throws a 400 without one. */
export function requireToken(token: string | undefined, urlName: 'targetURL' | 'url'): string {
  return (
    token ??
    refuseField(
      '#/verificationToken',
      `verificationToken is required with another ${urlName}: the new target must prove that it is yours`,
    )
  );
}

/** The original's texts. Unlike there, the last says neither token nor answer: it would let callers read foreign pages. */
const MESSAGES: Readonly<Record<HandshakeStep, string>> = {
  address: 'Failed to call target URL',
  connect: 'Failed to call target URL',
  tls: 'Failed to call target URL',
  status: 'Target URL did not return status 200',
  body: 'Failed to read response from target URL',
  token: 'verification token mismatch',
};

/** Lets the target prove that it is the caller's; throws a 400 with the step that failed, and the 429 of `Probes`. */
export async function requireProof(
  probes: Probes,
  { license, url, token }: { license: string; url: string; token: string },
  urlPointer: UrlPointer = '#/targetURL',
): Promise<void> {
  const proof = await probes.prove(license, url, token);
  if (proof.kind === 'proven') return;
  const { step, message: detail } = proof;
  const pointer = step === 'token' || urlPointer === null ? '#/verificationToken' : urlPointer;
  throw new Problem(400, {
    kind: 'handshake-failed',
    message: MESSAGES[step],
    detail,
    errors: [{ pointer, detail }],
    members: { step },
  });
}
