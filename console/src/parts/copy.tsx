import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { IconButton } from './button.js';

const SAID_MS = 2_000;

/** Copies a text. Where the browser does not let a page copy (on http), it selects the text for the reader to do so. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [isCopied, setCopied] = useState(false);
  const [isShown, setShown] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  useEffect(() => {
    if (isShown) field.current?.select();
  }, [isShown]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      setShown(true);
    }
  };
  return (
    <>
      <IconButton icon={isCopied ? 'check' : 'copy'} label={label} onPress={() => void copy()} />
      <span className="hidden-text" role="status">
        {isCopied && 'Copied'}
      </span>
      {isShown && (
        <textarea ref={field} className="input mono" readOnly aria-label={`${label}: selected`} value={text} />
      )}
    </>
  );
}

interface CopyableProps {
  text: string;
  /** What it is: "event id". */
  name: string;
  /** How it is shown, if not as it is. */
  children?: ReactNode;
}

/** A text among facts, with a button that copies it. */
export function Copyable({ text, name, children = <code>{text}</code> }: CopyableProps) {
  return (
    <span className="copyable">
      <span>{children}</span>
      <CopyButton text={text} label={`Copy the ${name}`} />
    </span>
  );
}

interface CopyFieldProps {
  label: string;
  value: string;
  /** Covered until it is asked for. */
  isSecret?: boolean;
}

/** A text to be taken elsewhere. */
export function CopyField({ label, value, isSecret = false }: CopyFieldProps) {
  const [isSeen, setSeen] = useState(!isSecret);
  return (
    <div className="field">
      <span className="label">{label}</span>
      <div className="copy-field">
        <code className="code-block">{isSeen ? value : '•'.repeat(24)}</code>
        <div className="line">
          {isSecret && (
            <IconButton
              icon="eye"
              label={isSeen ? `Hide: ${label}` : `Show: ${label}`}
              onPress={() => setSeen(!isSeen)}
            />
          )}
          <CopyButton text={value} label={`Copy: ${label}`} />
        </div>
      </div>
    </div>
  );
}
