/** What stands behind the `?` of a page: texts only. What is empty is left out, what is unknown is dropped. */
export function texts<Name extends string>(
  ...names: Name[]
): (search: Record<string, unknown>) => { [N in Name]?: string } {
  return (search) => {
    const read: { [N in Name]?: string } = {};
    for (const name of names) {
      const value = search[name];
      // A number in an address is a text as well: the token of a vehicle, for one.
      if ((typeof value === 'string' && value !== '') || typeof value === 'number') read[name] = String(value);
    }
    return read;
  };
}
