import type { Schema } from '@tripline/client';
import { useMe } from '../api/resources.js';
import { Button } from '../parts/button.js';
import { Dialog } from '../parts/dialog.js';
import { number } from '../parts/format.js';
import { Loaded } from '../parts/loaded.js';
import './limits-dialog.css';

type Quota = Schema<'Me'>['quota'][number];

/** What the limits are of. */
const THINGS: Record<Quota['name'], string> = {
  webhooks: 'Webhooks',
  endpoints: 'Shared endpoints',
  subscriptions: 'Subscribed vehicles',
  apiKeys: 'API keys',
  requestsPerMinute: 'Requests a minute',
  probesPerMinute: 'Handshakes and tests a minute',
  firingsPerMinute: 'Firings a minute',
  deliveriesPerMinute: 'Deliveries a minute',
  pendingDeliveries: 'Pending deliveries',
};

/** The limits of the license, with what is used of each. */
export function LimitsDialog({ onClose }: { onClose: () => void }) {
  const me = useMe();
  return (
    <Dialog title="Your limits" isOpen onClose={onClose} actions={<Button onPress={onClose}>Close</Button>}>
      <Loaded query={me} height={360}>
        {({ quota }) => (
          <ul className="limits">
            {quota.map((each) => (
              <Limit key={each.name} {...each} />
            ))}
          </ul>
        )}
      </Loaded>
      <p className="muted">The operator of this installation sets them.</p>
    </Dialog>
  );
}

function Limit({ name, limit, used }: Quota) {
  return (
    <li>
      <span id={`limit-${name}`}>{THINGS[name]}</span>
      <span className="numbers">
        {number(used)} of {number(limit)}
      </span>
      <meter aria-labelledby={`limit-${name}`} min={0} max={Math.max(1, limit)} value={used} />
    </li>
  );
}
