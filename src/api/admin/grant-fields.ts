import { z } from 'zod';

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
      .meta({ description: 'Names as in the catalogue.', examples: [['privilege:GetNonLocationHistory']] }),
  })
  .meta({ id: 'GrantChange' });
export type GrantChange = z.output<typeof grantChange>;

export const grantView = z
  .object({ license: z.string(), vehicle: z.string(), permissions: z.array(z.string()) })
  .meta({ id: 'Grant' });
export type GrantView = z.output<typeof grantView>;
