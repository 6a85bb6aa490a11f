import type { ApiParts } from '../api-parts.js';
import { webhookNotFound } from '../problem.js';

/** What a trigger's metric needs, as of which revision; throws when the license has no such trigger. */
export async function neededPermissions(
  { triggers, catalog }: Pick<ApiParts, 'triggers' | 'catalog'>,
  license: string,
  id: string,
): Promise<{ permissions: readonly string[]; revision: number }> {
  const trigger = await triggers.watched(license, id);
  if (trigger === undefined) throw webhookNotFound();
  return { permissions: catalog.permissionsOf(trigger), revision: trigger.revision };
}
