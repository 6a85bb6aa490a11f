import { useState } from 'react';
import { Button } from '../parts/button.js';
import { ChoiceField } from '../parts/choice-fields.js';
import { NumberField } from '../parts/number-field.js';
import { CircleMap } from './circle-map.js';
import { circleText, readCircle, type Circle, type Relation } from './circle.js';

const RELATIONS: readonly { id: Relation; text: string; detail: string }[] = [
  { id: 'inside', text: 'Inside', detail: 'For each sample from inside, as often as the cool-down allows.' },
  { id: 'outside', text: 'Outside', detail: 'For each sample from outside, as often as the cool-down allows.' },
  { id: 'crosses', text: 'On the way in and out', detail: 'Once when it comes in, and once when it goes out again.' },
];

const SOMEWHERE: Circle = { latitude: 52.5163, longitude: 13.3777, radiusKm: 1 };

interface CircleEditorProps {
  /** Read once, if it is nothing but a circle; never written to but by `onUse`. */
  condition: string;
  /** `isWhole`: the text may take the place of the whole condition, which is empty or a circle of ours. */
  onUse: (text: string, isWhole: boolean) => void;
}

/** Draws a circle and writes it into the condition as text, when asked to. */
export function CircleEditor({ condition, onUse }: CircleEditorProps) {
  const [{ circle, relation }, setState] = useState<{ circle: Circle; relation: Relation }>(
    () => readCircle(condition) ?? { circle: SOMEWHERE, relation: 'inside' },
  );
  const setCircle = (changed: Partial<Circle>) => setState({ relation, circle: { ...circle, ...changed } });
  const isWhole = condition.trim() === '' || readCircle(condition) !== undefined;
  return (
    <div className="circle-editor">
      <CircleMap circle={circle} onChange={setCircle} />
      <div className="form">
        <div className="circle-fields">
          <CircleNumber
            label="Latitude"
            value={circle.latitude}
            limit={85}
            onChange={(latitude) => setCircle({ latitude })}
          />
          <CircleNumber
            label="Longitude"
            value={circle.longitude}
            limit={180}
            onChange={(longitude) => setCircle({ longitude })}
          />
          <NumberField
            label="Radius"
            unit="km"
            value={circle.radiusKm}
            min={0.02}
            max={5000}
            onChange={(radiusKm) => !Number.isNaN(radiusKm) && setCircle({ radiusKm })}
          />
        </div>
        <ChoiceField
          label="Fires"
          options={RELATIONS}
          value={relation}
          onChange={(changed) => setState({ circle, relation: changed })}
        />
        <div className="line">
          <Button icon="target" onPress={() => onUse(circleText(circle, relation), isWhole)}>
            Use this circle
          </Button>
          <span className="hint">
            {isWhole ? 'Writes the condition.' : 'Writes it where the cursor is in the condition.'}
          </span>
        </div>
      </div>
    </div>
  );
}

interface CircleNumberProps {
  label: string;
  value: number;
  limit: number;
  onChange: (value: number) => void;
}

function CircleNumber({ label, value, limit, onChange }: CircleNumberProps) {
  return (
    <NumberField
      label={label}
      value={value}
      min={-limit}
      max={limit}
      onChange={(degrees) => !Number.isNaN(degrees) && onChange(degrees)}
    />
  );
}
