import type { OverviewRecord } from '../../store/overview.js';
import type { QuotaStanding } from '../../store/quotas.js';
import { ATTENTION_KINDS, SEVERITIES } from './attention-view.js';
import type { Attention, AttentionKind } from './attention-view.js';
import { endpointAttention } from './endpoint-attention.js';
import { licenseAttention } from './license-attention.js';
import { webhookAttention } from './webhook-attention.js';

/** What is judged: how a license does, as of `nowMs`. */
export interface Situation extends OverviewRecord {
  quota: readonly QuotaStanding[];
  nowMs: number;
  /** When an endpoint that does nothing but fail is given up. */
  failureLimits: { hours: number; count?: number | undefined };
  /** The license may have no webhooks: nothing is sent to it, nor can anything be recovered. */
  isGated: boolean;
}

/** A line to be; what it leaves out is null. */
export type Line = Pick<Attention, 'kind' | 'severity' | 'title' | 'detail'> & Partial<Attention>;

const RANK = new Map(Object.keys(ATTENTION_KINDS).map((kind, at) => [kind as AttentionKind, at]));

/** What needs the owner's attention, what matters most first. */
export function attentionOf(situation: Situation): Attention[] {
  const lines = [...licenseAttention(situation), ...endpointAttention(situation), ...webhookAttention(situation)];
  return lines.map(completed).sort(byImportance);
}

function completed(line: Line): Attention {
  return { webhookId: null, endpointId: null, since: null, until: null, count: null, action: null, ...line };
}

/** By severity, by kind, then the most first; what was there first stays first. */
function byImportance(a: Attention, b: Attention): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    RANK.get(a.kind)! - RANK.get(b.kind)! ||
    (b.count ?? 0) - (a.count ?? 0)
  );
}
