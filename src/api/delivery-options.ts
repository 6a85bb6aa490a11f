import { HEADER_LENGTH_MAX, HEADER_PREFIX_LENGTH_MAX } from '../core/owner-headers.js';
import { z } from 'zod';
import { CONTENT_TYPES, PROFILES } from '../core/endpoint.js';
import { isSigningSecret } from '../target/secret-box.js';
import { text } from './fields.js';

/** A list of as many delays as a schedule may have, written at length. */
const RETRY_LENGTH_MAX = 500;
const TIMEOUT_SECONDS_MAX = 30;
const PER_SECOND_MAX = 10_000;
const SECRET_LENGTH_MAX = 128;

export const secretField = text(SECRET_LENGTH_MAX)
  .refine(isSigningSecret, 'must be whsec_ and the base64 of 24 to 64 bytes, or 16 to 128 printable ASCII characters')
  .meta({
    description:
      'Your own signing secret: `whsec_` and the base64 of 24 to 64 bytes, or 16 to 128 printable ASCII characters, ' +
      'whose bytes are the key. Made for you when not given.',
    examples: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo='],
  });

/** How deliveries are to be: options of a webhook with a target of its own, and of shared endpoints. Null is the default. */
export const deliveryOptionFields = {
  profile: z
    .enum(PROFILES)
    .nullable()
    .optional()
    .meta({ description: 'Whose body, headers and signature deliveries have besides those of Standard Webhooks.' }),
  headerPrefix: text(HEADER_PREFIX_LENGTH_MAX)
    .nullable()
    .optional()
    .meta({ description: "Begins the names of the profile's own headers, where it has such.", examples: ['X-Acme'] }),
  headers: z
    .record(z.string(), text(HEADER_LENGTH_MAX))
    .nullable()
    .optional()
    .meta({
      description:
        'Up to 10 headers of your own. Kept encrypted; values of those that look secret by their names are shown as ' +
        'dots, and a value given as it is shown stays as it is.',
      examples: [{ Authorization: 'Bearer 5f2b…' }],
    }),
  contentType: z
    .enum(CONTENT_TYPES)
    .nullable()
    .optional()
    .meta({ description: 'Of deliveries; the second only where the profile has a CloudEvent as body.' }),
  timeoutSeconds: z
    .int()
    .min(1)
    .max(TIMEOUT_SECONDS_MAX)
    .nullable()
    .optional()
    .meta({ description: 'How long an answer may take; what the installation says when null.', examples: [10] }),
  retry: text(RETRY_LENGTH_MAX)
    .nullable()
    .optional()
    .meta({
      description:
        '`stepped`, `exponential`, `standard`, or up to 20 delays such as `1s,2m,1h`, one for each retry; what the ' +
        'installation says when null.',
      examples: ['1m,5m,30m'],
    }),
  maxPerSecond: z
    .int()
    .min(1)
    .max(PER_SECOND_MAX)
    .nullable()
    .optional()
    .meta({ description: 'Deliveries a second at most; no limit when null.', examples: [50] }),
  asymmetric: z
    .boolean()
    .nullable()
    .optional()
    .meta({ description: 'Sign with an ed25519 key as well; receivers verify with the `publicKey` that is shown.' }),
  secret: secretField.optional(),
};

/** The fields that have been given, null where the default is wanted. */
export type GivenOptions = z.output<z.ZodObject<typeof deliveryOptionFields>>;

type OptionName = Exclude<keyof GivenOptions, 'secret'>;

/** All but the secret, which is never shown. */
export const OPTION_NAMES = Object.keys(deliveryOptionFields).filter((name): name is OptionName => name !== 'secret');
