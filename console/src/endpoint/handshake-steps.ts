import { Problem, type Schema } from '@tripline/client';

/** Where a handshake failed. */
export type FailedStep = NonNullable<Schema<'Problem'>['step']>;

/** One step of a handshake, and how it went. */
export interface HandshakeStep {
  id: FailedStep;
  text: string;
  state: 'done' | 'failed' | 'open';
}

const STEPS: readonly { id: FailedStep; text: string }[] = [
  { id: 'address', text: 'Address found' },
  { id: 'connect', text: 'Connected' },
  { id: 'tls', text: 'Certificate accepted' },
  { id: 'status', text: 'Answered 200' },
  { id: 'token', text: 'Token matches' },
];

/** How far a handshake came. An answer that broke off is a token that cannot match. */
export function handshakeSteps(
  how: { kind: 'proven' | 'asking' } | { kind: 'failed'; step: FailedStep },
): HandshakeStep[] {
  if (how.kind !== 'failed') {
    const state = how.kind === 'proven' ? 'done' : 'open';
    return STEPS.map((step) => ({ ...step, state }));
  }
  const failed = STEPS.findIndex(({ id }) => id === (how.step === 'body' ? 'token' : how.step));
  return STEPS.map((step, index) => ({
    ...step,
    state: index < failed ? 'done' : index === failed ? 'failed' : 'open',
  }));
}

/** The step at which a target was not proven; undefined when something else is wrong. */
export function failedStep(error: unknown): FailedStep | undefined {
  return error instanceof Problem ? error.body.step : undefined;
}

const ADVICE: Readonly<Record<FailedStep, string>> = {
  address:
    'Check the host name and the port: the name has to lead to an address that can be reached from the internet.',
  connect: 'Check that the server runs, listens on this port, and that no firewall keeps others out.',
  tls: 'Its certificate has to be valid today, for this host name, and with all certificates in between.',
  status: 'Answer the POST with status 200 within 10 seconds, without a redirect.',
  body: 'Answer with the token and nothing else.',
  token: 'Answer the POST of {"verification": "test"} with this token as plain text, without quotation marks.',
};

/** What the owner of the target can do about a step that failed. */
export function handshakeAdvice(step: FailedStep): string {
  return ADVICE[step];
}
