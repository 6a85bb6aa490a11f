import { Fragment } from 'react';
import type { ReactNode } from 'react';
import { CopyButton } from './copy.js';

/** A short text for machines. */
export function Code({ children }: { children: ReactNode }) {
  return <code>{children}</code>;
}

/** A long text for machines, with a button that copies it. */
export function CodeBlock({ label, text }: { label: string; text: string }) {
  return (
    <div className="field">
      <div className="line">
        <span className="label">{label}</span>
        <CopyButton text={text} label={`Copy: ${label}`} />
      </div>
      {/* It scrolls, so it has to be reached by keyboard. */}
      <pre className="code-block" tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
    </div>
  );
}

/** A metric's name, which may break before its capitals and after its dots where the window is narrow. */
export function MetricName({ name }: { name: string }) {
  return name.split(/(?=[A-Z])|(?<=\.)/).map((piece, at) => (
    <Fragment key={at}>
      {at > 0 && <wbr />}
      {piece}
    </Fragment>
  ));
}

/** A vehicle: its token, and the whole DID for whoever points at it or copies it. */
export function Did({ did }: { did: string }) {
  const token = did.slice(did.lastIndexOf(':') + 1);
  return (
    <span title={did}>
      <span className="hidden-text">{did.slice(0, -token.length)}</span>
      <span aria-hidden="true">#</span>
      {token}
    </span>
  );
}
