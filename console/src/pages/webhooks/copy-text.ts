import type { Schema } from '@tripline/client';
import { curlCommand, quoted } from '../../delivery/curl.js';

type Copyable = Schema<'CopyableWebhook'>;

/** The definition as a body of `POST /v1/webhooks`, but for the token, which only its owner knows. */
export function definitionText({ definition }: Pick<Copyable, 'definition'>): string {
  return JSON.stringify(definition, null, 2);
}

/**
 * The command that makes the same webhook at `origin`. Tokens are variables of the shell: what is copied is often pasted
 * where others read it.
 */
export function makeCommand({ definition }: Pick<Copyable, 'definition'>, origin: string): string {
  const body = JSON.stringify({ ...definition, verificationToken: TOKEN_PLACE }, null, 2);
  const [before = '', after = ''] = body.split(TOKEN_PLACE);
  return [
    `curl ${quoted(`${origin}/v1/webhooks`)}`,
    '-H "Authorization: Bearer $TRIPLINE_TOKEN"',
    "-H 'content-type: application/json'",
    `--data-raw ${quoted(before)}"$VERIFICATION_TOKEN"${quoted(after)}`,
  ].join(' \\\n  ');
}

/** No definition has it, and JSON leaves it as it is. */
const TOKEN_PLACE = '%%verification-token%%';

/** The command that sends a request as this webhook sends them, signed with the example's secret. */
export function exampleCommand({ example }: Pick<Copyable, 'example'>): string {
  return curlCommand(example);
}
