import type { LicenseDirectory } from '../access/license-directory.js';
import type { PermissionProvider } from '../access/permission-provider.js';
import type { TokenVerifier } from '../access/token-verifier.js';
import type { Catalog } from '../core/catalog.js';
import type { Health } from '../observability/health.js';
import type { Log } from '../observability/log.js';
import type { DeadLetterStore } from '../store/dead-letters.js';
import type { GrantStore } from '../store/grants.js';
import type { StateStore } from '../store/states.js';
import type { SubscriptionStore } from '../store/subscriptions.js';
import type { TriggerStore } from '../store/triggers.js';
import type { Handshake } from '../target/handshake.js';
import type { SecretBox } from '../target/secret-box.js';

/** The contract of vehicles that `subscribe/all` takes; others that were shared are left alone. */
export interface VehicleNft {
  chainId: number;
  /** In any letter case. */
  contract: string;
}

/** What the REST surface works with: whoever composes the program makes these. */
export interface ApiParts {
  catalog: Catalog;
  triggers: TriggerStore;
  subscriptions: SubscriptionStore;
  grants: GrantStore;
  states: StateStore;
  deadLetters: DeadLetterStore;
  permissions: PermissionProvider;
  licenses: LicenseDirectory;
  tokens: TokenVerifier;
  handshake: Handshake;
  secrets: SecretBox;
  /** The admin routes exist only with it. */
  adminToken?: string;
  vehicleNft?: VehicleNft;
  log: Log;
  health: Health;
  /** Ms since 1970; the clock of this machine when not given. */
  now?: () => number;
}
