import { parseTargetUrl } from '../../target/target-url.js';
import type { Handshake } from '../../target/handshake.js';
import { Problem } from '../problem.js';

/** Refuses what can be no target whatever stands there: throws a 400. */
export function requireTargetUrl(url: string): URL {
  const parsed = parseTargetUrl(url);
  if (parsed.kind === 'ok') return parsed.url;
  const isOtherScheme = /^(?!https:)[a-z][a-z0-9+.-]*:\/\//i.test(url);
  throw new Problem(400, {
    kind: 'invalid-request',
    message: isOtherScheme ? 'Webhook URL must be HTTPS' : 'Invalid webhook URL',
    detail: parsed.reason,
    errors: [{ pointer: '#/targetURL', detail: parsed.reason }],
  });
}

type Step = Extract<Awaited<ReturnType<Handshake['prove']>>, { kind: 'refused' }>['step'];

/** The original's texts. Unlike there, the last says neither token nor answer: it would let callers read foreign pages. */
const MESSAGES: Readonly<Record<Step, string>> = {
  address: 'Failed to call target URL',
  connect: 'Failed to call target URL',
  tls: 'Failed to call target URL',
  status: 'Target URL did not return status 200',
  body: 'Failed to read response from target URL',
  token: 'verification token mismatch',
};

/** Lets the target prove that it is the caller's; throws a 400 with the step that failed. */
export async function requireProof(handshake: Handshake, url: string, verificationToken: string): Promise<void> {
  const proof = await handshake.prove(url, verificationToken);
  if (proof.kind === 'proven') return;
  const { step, message: detail } = proof;
  const pointer = step === 'token' ? '#/verificationToken' : '#/targetURL';
  throw new Problem(400, {
    kind: 'handshake-failed',
    message: MESSAGES[step],
    detail,
    errors: [{ pointer, detail }],
    members: { step },
  });
}
