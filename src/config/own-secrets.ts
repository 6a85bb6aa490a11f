import type { Settings } from './settings.js';

/**
 * The texts among the settings that nobody may read, in the forms in which they may turn up: in a log they are hidden
 * wherever they stand.
 */
export function ownSecrets({ http, database, kafka, encryptionKeys, targetProxyUrl }: Settings): string[] {
  const urls = [database.url, database.directUrl, targetProxyUrl].filter((url) => url !== undefined);
  const keys = encryptionKeys.flatMap((key) =>
    (['base64', 'base64url', 'hex'] as const).map((encoding) => key.toString(encoding).replace(/=+$/, '')),
  );
  return [http.adminToken, kafka.sasl?.password, ...urls.flatMap(passwordsOf), ...keys].filter(
    (secret): secret is string => Boolean(secret),
  );
}

/** As it was given and as it is meant; pg takes one as a parameter too. */
function passwordsOf(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { password, searchParams } = new URL(url);
  return [password, decoded(password), searchParams.get('password') ?? ''];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
