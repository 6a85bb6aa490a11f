import { dataOf } from '@tripline/client';
import { lazy, Suspense, useRef, useState, type RefObject } from 'react';
import { readCircle } from '../../condition/circle.js';
import { ConditionField, type ConditionHandle } from '../../condition/condition-field.js';
import { unknownMetric, type Metric } from '../../condition/metric.js';
import { Button } from '../../parts/button.js';
import { Waiting } from '../../parts/loaded.js';
import { useTripline } from '../../session.js';
import type { WebhookForm } from '../../webhook/use-webhook-form.js';

/** With the map, which few conditions need. */
const CircleEditor = lazy(async () => ({
  default: (await import('../../condition/circle-editor.js')).CircleEditor,
}));

interface ConditionSectionProps {
  form: WebhookForm;
  metric: Metric | undefined;
  onTry: () => void;
}

/** When the webhook fires: the condition, and for places a circle that is written into it. */
export function ConditionSection({ form, metric, onTry }: ConditionSectionProps) {
  const { draft, change, problems } = form;
  const { api } = useTripline();
  const field = useRef<ConditionHandle>(null);
  const check = async (condition: string) => {
    const { service, metricName } = draft;
    if (metric === undefined) throw new Error('Choose a metric, then the condition is checked.');
    return dataOf(api.POST('/v1/conditions/check', { body: { service, metricName, condition } }));
  };
  return (
    <>
      <ConditionField
        ref={field}
        metric={metric ?? unknownMetric(draft)}
        value={draft.condition}
        onChange={(condition) => change({ condition })}
        check={check}
        onTry={onTry}
        problem={problems.condition}
      />
      {metric?.kind === 'location' && <CircleSection condition={draft.condition} field={field} />}
    </>
  );
}

function CircleSection({ condition, field }: { condition: string; field: RefObject<ConditionHandle | null> }) {
  const [isOpen, setOpen] = useState(() => readCircle(condition) !== undefined);
  return (
    <div className="stack">
      <div>
        <Button icon="target" kind="quiet" onPress={() => setOpen(!isOpen)} aria-expanded={isOpen}>
          {isOpen ? 'Hide the map' : 'Draw a circle on a map'}
        </Button>
      </div>
      {isOpen && (
        <Suspense fallback={<Waiting height={420} />}>
          <CircleEditor
            condition={condition}
            onUse={(text, isWhole) => (isWhole ? field.current?.replace(text) : field.current?.insert(text))}
          />
        </Suspense>
      )}
    </div>
  );
}
