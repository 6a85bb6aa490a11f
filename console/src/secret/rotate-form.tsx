import { useState } from 'react';
import type { Schema } from '@tripline/client';
import { useChange } from '../api/queries.js';
import type { Subject } from '../api/resources.js';
import { Button } from '../parts/button.js';
import { Confirm } from '../parts/dialog.js';
import { TextField } from '../parts/field.js';
import { utc } from '../parts/format.js';
import { Card } from '../parts/page.js';
import { Moment, useNow } from '../parts/time.js';
import './rotate-form.css';
import { OVERLAP_HOURS_MAX, overlapEnd, overlapWords, secretProblem } from './rotation.js';
import { SecretOnce } from './secret-once.js';

const OVERLAP_HOURS_AT_FIRST = 24;

/** Replaces the secret of a webhook's own or of a shared endpoint. The new one is shown once, by this and nothing else. */
export function RotateForm({ of }: { of: Subject }) {
  const [hours, setHours] = useState(OVERLAP_HOURS_AT_FIRST);
  const [secret, setSecret] = useState('');
  const [isAsked, setAsked] = useState(false);
  const rotate = useRotation(of, () => {
    setAsked(false);
    setSecret('');
  });
  const problem = secretProblem(secret);
  return (
    <>
      {/* Only that it is done is spoken: nobody else in the room needs to hear a secret. */}
      <p className="hidden-text" role="status">
        {rotate.data && 'The secret is rotated. The new one is shown once, below.'}
      </p>
      {rotate.data && <Rotated rotated={rotate.data} />}
      <Card title="Rotate the secret">
        <div className="form">
          <OverlapField hours={hours} onChange={setHours} />
          <TextField
            label="A secret of your own"
            hint="Left empty, one is made for you. whsec_ and base64, or 16 to 128 characters."
            value={secret}
            onChange={setSecret}
            problem={problem}
            isMono
            autoComplete="off"
          />
          <div>
            <Button kind="primary" isDisabled={problem !== undefined} onPress={() => setAsked(true)}>
              Rotate the secret
            </Button>
          </div>
        </div>
      </Card>
      <Confirm
        title="Rotate the secret"
        verb="Rotate the secret"
        kind={hours === 0 ? 'danger' : 'primary'}
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        onConfirm={() => rotate.mutate({ overlapHours: hours, ...(secret !== '' && { secret }) })}
        isPending={rotate.isPending}
        error={rotate.error}
      >
        <p>
          {hours === 0
            ? 'The old secret ends at once: receivers that still verify with it refuse what is sent.'
            : `Until ${utc(overlapEnd(hours, Date.now())).slice(0, 16)} UTC each request carries a signature of both.`}
        </p>
      </Confirm>
    </>
  );
}

function useRotation({ kind, id }: Subject, onDone: () => void) {
  return useChange(
    (api, body: { overlapHours: number; secret?: string }, header) => {
      const request = { params: { path: { id }, header }, body };
      return kind === 'webhook'
        ? api.POST('/v1/webhooks/{id}/rotate', request)
        : api.POST('/v1/endpoints/{id}/rotate', request);
    },
    { refreshes: [['overview'], ['events'], ['webhooks'], ['endpoints']], onDone },
  );
}

/** A range input of the browser: its arrow keys step by the hour, Page Up and Down by more. */
function OverlapField({ hours, onChange }: { hours: number; onChange: (hours: number) => void }) {
  const now = useNow();
  return (
    <div className="field">
      <label className="label" htmlFor="overlap">
        How long the old secret signs as well
      </label>
      <input
        id="overlap"
        className="overlap"
        type="range"
        min={0}
        max={OVERLAP_HOURS_MAX}
        step={1}
        value={hours}
        aria-valuetext={overlapWords(hours)}
        aria-describedby="overlap-end"
        onChange={(event) => onChange(Number(event.target.value))}
      />
      <p id="overlap-end" className="hint">
        {overlapWords(hours)}
        {hours > 0 && (
          <>
            , until <Moment at={overlapEnd(hours, now)} />
          </>
        )}
        {hours > 0 && hours < 24 && '. A day is what most receivers need.'}
      </p>
    </div>
  );
}

function Rotated({ rotated: { secret, previousValidUntil } }: { rotated: Schema<'Rotated'> }) {
  return (
    <SecretOnce secret={secret} hasGuide={false}>
      <p>
        {previousValidUntil === null ? (
          'The old secret has ended.'
        ) : (
          <>
            Both are valid until <Moment at={previousValidUntil} />: give the new one to your receiver before, then take
            the old one away.
          </>
        )}
      </p>
    </SecretOnce>
  );
}
