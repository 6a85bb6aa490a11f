/** Where permissions come from, by the settings. */
import { AllowAll } from './access/allow-all.js';
import { DimoPermissions } from './access/dimo-permissions.js';
import { LocalGrants } from './access/local-grants.js';
import type { PermissionProvider } from './access/permission-provider.js';
import type { Settings } from './config/settings.js';
import type { Log } from './observability/log.js';
import type { GrantStore } from './store/grants.js';

/**
 * The provider of one stage. Each stage has its own, which it closes; `cacheSeconds` is what the provider remembers, so 0
 * for whoever remembers verdicts themselves.
 */
export function permissionsOf(
  settings: Settings,
  grants: GrantStore,
  { cacheSeconds, log }: { cacheSeconds: number; log: Log },
): PermissionProvider {
  const local = new LocalGrants({ grants });
  if (settings.allowsAll) {
    log.warn({}, 'every license may read every vehicle: PERMISSIONS_ALLOW_ALL is set');
    return new AllowAll({ shared: local });
  }
  if (settings.dimo === undefined) return local;
  const { chainId, address } = settings.vehicleContract ?? {};
  return new DimoPermissions({
    ...settings.dimo,
    cacheSeconds,
    log,
    ...(address === undefined ? {} : { vehicleDidPrefix: `did:erc721:${chainId}:${address}:` }),
  });
}
