import { useMemo, useState } from 'react';
import { Button, ComboBox, FieldError, Input, Label, ListBox, ListBoxItem, Popover, Text } from 'react-aria-components';
import { allowedValues } from '../../condition/allowed-values.js';
import { findMetric, searchMetrics, unknownMetric, valueWords, type Metric } from '../../condition/metric.js';
import { MetricName } from '../../parts/code.js';
import { Icon } from '../../parts/icon.js';
import type { WebhookForm } from '../../webhook/use-webhook-form.js';

/** So many are shown at once: more than there are of our own. Typing finds what an operator added. */
const SHOWN_MAX = 200;

interface MetricFieldProps {
  form: WebhookForm;
  metrics: readonly Metric[];
}

/** What the webhook watches: found by typing a part of its name, its description or its unit. */
export function MetricField({ form, metrics }: MetricFieldProps) {
  const { draft, change, problems } = form;
  const { service, metricName } = draft;
  const chosen = useMemo(() => chosenMetric(metrics, { service, metricName }), [metrics, service, metricName]);
  const [query, setQuery] = useState(chosen?.name ?? '');
  const found = useMemo(
    () => searchMetrics(metrics, query === chosen?.name ? '' : query),
    [metrics, query, chosen?.name],
  );
  // The chosen one stays among the entries: otherwise the field could not show it again when the search is given up.
  const entries = useMemo(() => entriesOf(found.slice(0, SHOWN_MAX), chosen), [found, chosen]);
  const unseen = useMemo(() => entries.filter(({ isFound }) => !isFound).map(({ id }) => id), [entries]);
  return (
    <ComboBox
      className="field"
      items={entries}
      disabledKeys={unseen}
      inputValue={query}
      onInputChange={setQuery}
      value={chosen ? keyOf(chosen) : null}
      onChange={(key) => {
        const metric = entries.find(({ id }) => id === key)?.metric;
        if (!metric) return;
        // Also told when a search is given up: then the field shows again what is chosen.
        setQuery(metric.name);
        if (metric !== chosen) change({ service: metric.service, metricName: metric.name });
      }}
      isInvalid={problems.metricName !== undefined}
      allowsEmptyCollection
    >
      <Label className="label">Metric</Label>
      <div className="combo">
        <Input className="input" placeholder="Type to find, such as speed" />
        <Button className="icon-button">
          <Icon name="down" />
        </Button>
      </div>
      <Text slot="description" className="hint">
        {chosen ? (
          <ChosenMetric metric={chosen} registered={metricName} />
        ) : (
          'A signal that vehicles measure, or an event that they report.'
        )}
      </Text>
      <FieldError className="fault">
        <Icon name="alert" />
        {problems.metricName}
      </FieldError>
      <Popover className="pop metric-pop">
        {found.length === 0 && <p className="hint">No metric has this in its name, description or unit.</p>}
        <ListBox<Entry>>{({ id, metric }) => <MetricOption id={id} metric={metric} />}</ListBox>
        {found.length > SHOWN_MAX && <p className="hint">{found.length - SHOWN_MAX} more: type to find them.</p>}
      </Popover>
    </ComboBox>
  );
}

function MetricOption({ id, metric }: Pick<Entry, 'id' | 'metric'>) {
  const values = allowedValues(metric);
  return (
    <ListBoxItem id={id} textValue={metric.name} className="option">
      <span>
        <MetricName name={metric.name} />
      </span>
      <span className="small">{valueWords(metric)}</span>
      <small>
        {metric.description}
        {values.length > 0 && `. ${values.slice(0, 4).join(', ')}${values.length > 4 ? ', …' : ''}`}
      </small>
    </ListBoxItem>
  );
}

/** What is chosen, and under which name it was registered if that is another: it stays that until another is chosen. */
function ChosenMetric({ metric, registered }: { metric: Metric; registered: string }) {
  const values = allowedValues(metric);
  const words = [
    ...(metric.description === '' ? [] : [metric.description]),
    valueWords(metric),
    ...(values.length === 0 ? [] : [`one of ${values.join(', ')}`]),
    ...(registered === metric.name ? [] : [`registered as ${registered}`]),
  ];
  return words.join(' · ');
}

/** The metric that a draft watches, also when the catalogue does not have it; undefined before one is chosen. */
export function chosenMetric(
  metrics: readonly Metric[],
  watched: { service: string; metricName: string },
): Metric | undefined {
  return watched.metricName === '' ? undefined : (findMetric(metrics, watched) ?? unknownMetric(watched));
}

/** The list tells its entries apart by their ids. */
interface Entry {
  id: string;
  metric: Metric;
  /** Otherwise it is there for the field only, and neither seen nor reached. */
  isFound: boolean;
}

function entriesOf(found: readonly Metric[], chosen: Metric | undefined): Entry[] {
  const entries = found.map((metric) => ({ id: keyOf(metric), metric, isFound: true }));
  const isMissing = chosen && !entries.some(({ id }) => id === keyOf(chosen));
  return isMissing ? [...entries, { id: keyOf(chosen), metric: chosen, isFound: false }] : entries;
}

function keyOf({ service, name }: Metric): string {
  return `${service} ${name}`;
}
