/** What stands behind the `?` of a page: texts only. What is empty is left out, what is unknown is dropped. */
export function texts<Name extends string>(
  ...names: Name[]
): (search: Record<string, unknown>) => { [N in Name]?: string } {
  return (search) => {
    const read: { [N in Name]?: string } = {};
    for (const name of names) {
      const value = search[name];
      // The router takes what looks like it for a number or a truth; in an address all of it is text.
      if (typeof value === 'number' || typeof value === 'boolean') read[name] = String(value);
      if (typeof value === 'string' && value !== '') read[name] = value;
    }
    return read;
  };
}
