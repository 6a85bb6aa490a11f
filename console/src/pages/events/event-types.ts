/** A type of the event log with what it says. */
export interface EventType {
  type: string;
  description: string;
}

/** Types whose names begin alike. */
export interface EventGroup {
  /** `webhook.*`, as the API takes it. */
  id: string;
  text: string;
  types: EventType[];
}

/** What the groups are called; others by the beginning of their types. */
const GROUPS: Record<string, string> = {
  trigger: 'Firings',
  condition: 'Conditions',
  webhook: 'Webhooks',
  endpoint: 'Endpoints',
  secret: 'Secrets',
  subscription: 'Subscriptions',
  delivery: 'Deliveries',
  api_key: 'API keys',
  grant: 'Permissions',
  quota: 'Limits',
};

/** Groups the types by what stands before the dot, in the order in which they come. */
export function groupTypes(types: readonly EventType[]): EventGroup[] {
  const groups = new Map<string, EventType[]>();
  for (const type of types) {
    const name = type.type.split('.')[0]!;
    groups.set(name, [...(groups.get(name) ?? []), type]);
  }
  return [...groups].map(([name, members]) => ({ id: `${name}.*`, text: GROUPS[name] ?? name, types: members }));
}

/** The single types that a filter means; empty for none, which is all. Names that no type has are left out. */
export function typesOf(filter: string | undefined, groups: readonly EventGroup[]): Set<string> {
  const names = new Set(filter?.split(','));
  const known = groups.flatMap((group) =>
    group.types.filter(({ type }) => names.has(group.id) || names.has(type)).map(({ type }) => type),
  );
  return new Set(known);
}

/** The filter that means these types: whole groups by their own name. Undefined when it is none, or all. */
export function filterOf(types: ReadonlySet<string>, groups: readonly EventGroup[]): string | undefined {
  const isWhole = (group: EventGroup) => group.types.every(({ type }) => types.has(type));
  if (groups.every(isWhole)) return undefined;
  const names = groups.flatMap((group) =>
    isWhole(group) ? [group.id] : group.types.map(({ type }) => type).filter((type) => types.has(type)),
  );
  return names.length === 0 ? undefined : names.join(',');
}

/** The groups of which at least one type is in a filter. */
export function groupsOf(types: ReadonlySet<string>, groups: readonly EventGroup[]): string[] {
  return groups.filter((group) => group.types.some(({ type }) => types.has(type))).map(({ id }) => id);
}

/** The types after groups were chosen: what was newly chosen comes as a whole, the rest stays as it is. */
export function chooseGroups(
  chosen: readonly string[],
  types: ReadonlySet<string>,
  groups: readonly EventGroup[],
): Set<string> {
  const before = new Set(groupsOf(types, groups));
  const kept = groups.filter(({ id }) => chosen.includes(id));
  return new Set(
    kept.flatMap((group) =>
      group.types.map(({ type }) => type).filter((type) => !before.has(group.id) || types.has(type)),
    ),
  );
}
