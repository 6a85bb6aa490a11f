import { z } from 'zod';
import { nearestNames } from '../../core/catalog.js';
import type { Catalog } from '../../core/catalog.js';
import { invalidFields } from '../problem.js';
import type { FieldError } from '../problem.js';

const PERMISSIONS_MAX = 64;
const PERMISSION_LENGTH_MAX = 128;

/** What a license may read of a vehicle. */
export const grantChange = z
  .object({
    permissions: z
      .array(
        z
          .string()
          .max(PERMISSION_LENGTH_MAX)
          .regex(/^[\w.:/-]+$/, 'must be the name of a permission, such as privilege:GetNonLocationHistory'),
      )
      .min(1, 'must not be empty: DELETE takes a grant away')
      .max(PERMISSIONS_MAX)
      .meta({
        description: 'Names that some metric of the catalogue needs.',
        examples: [['privilege:GetNonLocationHistory']],
      }),
  })
  .meta({ id: 'GrantChange' });
export type GrantChange = z.output<typeof grantChange>;

export const grantView = z
  .object({ license: z.string(), vehicle: z.string(), permissions: z.array(z.string()) })
  .meta({ id: 'Grant' });
export type GrantView = z.output<typeof grantView>;

/** Refuses permissions that no metric needs: nothing could ever be read with them, so they are spelled wrong. */
export function requireKnownPermissions(given: readonly string[], { permissions }: Catalog): void {
  const errors = given.flatMap((name, position): FieldError[] => {
    if (permissions.includes(name)) return [];
    const nearest = nearestNames(name, permissions);
    const hint = nearest.length === 0 ? '' : ` Did you mean ${nearest.join(', ')}?`;
    return [{ pointer: `#/permissions/${position}`, detail: `No metric needs ${JSON.stringify(name)}.${hint}` }];
  });
  const [first, ...rest] = errors;
  if (first !== undefined) throw invalidFields([first, ...rest]);
}
