import { Button, IconButton } from '../parts/button.js';
import { TextField } from '../parts/field.js';
import { Icon } from '../parts/icon.js';
import './header-fields.css';
import type { WebhookForm } from './use-webhook-form.js';
import type { HeaderLine } from './webhook-draft.js';

const HEADERS_MAX = 10;

/** Headers of the owner's own. Secret values come back as dots; a line that is left so stays what it is. */
export function HeaderFields({ form }: { form: WebhookForm }) {
  const { draft, change, problems } = form;
  const { headers } = draft;
  const setLine = (at: number, line: Partial<HeaderLine>) =>
    change({ headers: headers.map((each, index) => (index === at ? { ...each, ...line } : each)) });
  return (
    <fieldset className="stack">
      <legend className="label">Headers of your own</legend>
      {headers.map((line, at) => (
        // Lines have nothing of their own but their place.
        <div key={at} className="header-line">
          <TextField label={`Name ${at + 1}`} isMono value={line.name} onChange={(name) => setLine(at, { name })} />
          <TextField label={`Value ${at + 1}`} isMono value={line.value} onChange={(value) => setLine(at, { value })} />
          <IconButton
            icon="trash"
            label={`Remove header ${at + 1}`}
            onPress={() => change({ headers: headers.filter((_, index) => index !== at) })}
          />
        </div>
      ))}
      {problems.headers !== undefined && (
        <p className="fault">
          <Icon name="alert" />
          {problems.headers}
        </p>
      )}
      <div className="line">
        <Button
          icon="plus"
          isDisabled={headers.length >= HEADERS_MAX}
          onPress={() => change({ headers: [...headers, { name: '', value: '' }] })}
        >
          Add a header
        </Button>
        <span className="hint">Sent with each delivery, and kept encrypted. Up to {HEADERS_MAX}.</span>
      </div>
    </fieldset>
  );
}
