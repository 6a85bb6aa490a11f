import type { Catalog } from '../../core/catalog.js';
import type { FoundTrigger } from '../../store/trigger-record.js';
import type { TriggerChange } from '../../store/triggers.js';
import { requireCondition, resolveMetric } from '../conditions/watched-metric.js';
import { refuseField } from '../fields.js';
import { requireTargetUrl } from './target.js';
import type { WebhookChange } from './trigger-fields.js';

export interface PlannedChange {
  change: TriggerChange;
  /** Another target than today's: to be proven before anything changes. */
  proof: { url: string; token: string } | undefined;
  warnings: string[];
}

/**
 * What the given fields change in a trigger as it stands. Service, metric and condition are judged together, whichever
 * of them is given. Throws the problem of the first field that is wrong.
 */
export function planChange(catalog: Catalog, current: FoundTrigger, given: WebhookChange): PlannedChange {
  const target = planTarget(current, given);
  const rule = planRule(catalog, current, given);
  const { coolDownPeriod, description, displayName } = given;
  // A failed trigger failed for its old target: one that has just answered deserves to be tried.
  const status = given.status ?? (current.status === 'failed' && target.proof ? 'enabled' : undefined);
  return {
    change: {
      ...rule.change,
      ...(coolDownPeriod === undefined ? {} : { cooldownSeconds: coolDownPeriod }),
      ...(description === undefined ? {} : { description }),
      ...(displayName === undefined ? {} : { displayName: givenName(displayName) ?? null }),
      ...(status === undefined ? {} : { status }),
    },
    proof: target.proof,
    warnings: [...rule.warnings, ...target.warnings],
  };
}

/** A display name that was really given: null, empty and blank mean the id. */
export function givenName(displayName: string | null | undefined): string | undefined {
  return displayName == null || displayName.trim() === '' ? undefined : displayName;
}

function planTarget(current: FoundTrigger, given: WebhookChange): Pick<PlannedChange, 'proof' | 'warnings'> {
  const { targetURL: url, verificationToken: token } = given;
  const isSame = url === undefined || requireTargetUrl(url).href === new URL(current.targetUrl).href;
  if (isSame) {
    const warnings = token === undefined ? [] : ['verificationToken was not used: the target stays the same.'];
    return { proof: undefined, warnings: url === undefined ? warnings : [] };
  }
  if (token === undefined) {
    refuseField(
      '#/verificationToken',
      'verificationToken is required with another targetURL: the new target must prove that it is yours',
    );
  }
  return { proof: { url, token }, warnings: [] };
}

function planRule(
  catalog: Catalog,
  current: FoundTrigger,
  given: WebhookChange,
): { change: TriggerChange; warnings: string[] } {
  if (given.service === undefined && given.metricName === undefined && given.condition === undefined) {
    return { change: {}, warnings: [] };
  }
  const service = given.service ?? current.service;
  const metricName = given.metricName ?? current.metricName;
  const condition = given.condition ?? current.condition;
  const metric = resolveMetric(catalog, { service, metricName });
  const { normalized, warnings } = requireCondition(metric, condition);
  const { kind: metricKind, name, valueKind } = metric;
  return {
    change: { service, metricName, metricKind, metric: name, valueKind, condition, normalizedCondition: normalized },
    warnings,
  };
}
