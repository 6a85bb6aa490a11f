/** What was pasted, as the token in it: without the name of the scheme, and what stands around it. */
export function typedToken(text: string): string {
  return text.trim().replace(/^Bearer\s+/i, '');
}

/** Why it cannot be a token: a header holds visible ASCII alone, and what was copied from a page may hold more than is seen. */
export function faultOfToken(token: string): string | undefined {
  const odd = /[^\x21-\x7e]/u.exec(token);
  if (odd === null) return undefined;
  return odd[0].trim() === ''
    ? 'There is a space in it. A token has none.'
    : `There is a character in it that no token has (U+${hex(odd[0])}). Copy it once more.`;
}

function hex(character: string): string {
  return character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
}
