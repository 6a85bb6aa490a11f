import { SelectField, type Option } from '../parts/choice-fields.js';
import { CheckField, TextField } from '../parts/field.js';
import { NumberField } from '../parts/number-field.js';
import { seconds } from '../parts/format.js';
import { HeaderFields } from './header-fields.js';
import type { WebhookForm } from './use-webhook-form.js';
import { applicableOptions, withProfile, type WebhookDraft } from './webhook-draft.js';

const SECONDS_MAX = 2_147_483_647;

/** What few webhooks need, of the rule itself. */
export function RuleOptions({ form }: { form: WebhookForm }) {
  const { draft, change, problems } = form;
  const age = draft.maxSampleAgeSeconds;
  return (
    <>
      <TextField
        label="Description"
        lines={2}
        value={draft.description}
        onChange={(description) => change({ description })}
        hint="For yourself."
        problem={problems.description}
      />
      <NumberField
        label="Oldest sample"
        unit="seconds"
        min={1}
        max={SECONDS_MAX}
        value={age}
        onChange={(maxSampleAgeSeconds) => change({ maxSampleAgeSeconds })}
        hint={
          Number.isNaN(age)
            ? 'Samples are looked at however late they come.'
            : `Samples that are older than ${seconds(age)} when they come are left out.`
        }
        problem={problems.maxSampleAgeSeconds}
      />
      <CheckField
        label="Vehicles join by themselves"
        value={draft.autoSubscribe}
        onChange={(autoSubscribe) => change({ autoSubscribe })}
        hint="All vehicles that are shared with your license, now and later. None can be taken out by hand meanwhile."
      />
    </>
  );
}

const PROFILES: readonly Option<WebhookDraft['profile']>[] = [
  { id: 'standard', text: 'Standard Webhooks', detail: 'A CloudEvent as body.' },
  { id: 'dimo', text: 'DIMO', detail: 'A CloudEvent as body, with X-DIMO headers besides.' },
  { id: 'desmo', text: 'Desmo', detail: 'A flat body: event, timestamp, data.' },
  { id: 'dembrane', text: 'Dembrane', detail: 'A CloudEvent as body, with a signature of the body alone besides.' },
  { id: 'dodev', text: 'DoDev', detail: 'A flat body: eventId, type, service, data.' },
];

const CONTENT_TYPES: readonly Option<WebhookDraft['contentType']>[] = [
  { id: 'application/json', text: 'application/json' },
  { id: 'application/cloudevents+json', text: 'application/cloudevents+json' },
];

/** How deliveries are made: of a webhook with an address of its own. A shared endpoint has these itself. */
export function DeliveryOptions({ form, isNew }: { form: WebhookForm; isNew: boolean }) {
  const { draft, change, problems } = form;
  const applies = applicableOptions(draft);
  return (
    <>
      <SelectField
        label="Profile"
        options={PROFILES}
        value={draft.profile}
        onChange={(profile) => change(withProfile(draft, profile))}
        hint="For receivers that were written for another system. The Standard Webhooks headers are always there."
        problem={problems.profile}
      />
      {applies.headerPrefix && (
        <TextField
          label="Prefix of the profile's headers"
          isMono
          value={draft.headerPrefix}
          onChange={(headerPrefix) => change({ headerPrefix })}
          hint="In place of the profile's own, such as X-Acme."
          problem={problems.headerPrefix}
        />
      )}
      {applies.contentType && (
        <SelectField
          label="Content type"
          options={CONTENT_TYPES}
          value={draft.contentType}
          onChange={(contentType) => change({ contentType })}
          problem={problems.contentType}
        />
      )}
      <HeaderFields form={form} />
      <PaceFields form={form} />
      <CheckField
        label="Sign with a key pair as well"
        value={draft.asymmetric}
        onChange={(asymmetric) => change({ asymmetric })}
        hint="Receivers can verify with the public key that the webhook shows, without a secret."
      />
      {isNew && <OwnSecret form={form} />}
    </>
  );
}

function PaceFields({ form }: { form: WebhookForm }) {
  const { draft, change, problems } = form;
  return (
    <>
      <TextField
        label="Retries"
        isMono
        value={draft.retry}
        onChange={(retry) => change({ retry })}
        placeholder="1m,5m,30m"
        hint="stepped, exponential, standard, or up to 20 delays such as 1s,2m,1h. Empty: what the installation says."
        problem={problems.retry}
      />
      <div className="columns">
        <NumberField
          label="Timeout"
          unit="seconds"
          min={1}
          max={30}
          value={draft.timeoutSeconds}
          onChange={(timeoutSeconds) => change({ timeoutSeconds })}
          hint="How long an answer may take. Empty: what the installation says."
          problem={problems.timeoutSeconds}
        />
        <NumberField
          label="Most deliveries"
          unit="per second"
          min={1}
          max={10_000}
          value={draft.maxPerSecond}
          onChange={(maxPerSecond) => change({ maxPerSecond })}
          hint="Empty: no limit."
          problem={problems.maxPerSecond}
        />
      </div>
    </>
  );
}

function OwnSecret({ form }: { form: WebhookForm }) {
  const { draft, change, problems } = form;
  return (
    <TextField
      label="Secret of your own"
      isMono
      autoComplete="off"
      value={draft.secret}
      onChange={(secret) => change({ secret })}
      hint="whsec_ and the base64 of 24 to 64 bytes, or 16 to 128 characters. Empty: one is made for you."
      problem={problems.secret}
    />
  );
}
