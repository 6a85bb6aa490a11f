import { Icon } from '../parts/icon.js';
import { Notice, ProblemNotice } from '../parts/notice.js';
import './trial-result.css';
import { clauseWords, outcomeWords } from './trial-words.js';
import type { TrialResult as Result } from './trial-words.js';

interface TrialResultProps {
  result: Result | undefined;
  error: Error | null;
  /** Something was changed since it was asked. */
  isOutdated: boolean;
}

/** What would become of the sample, and what each clause said. */
export function TrialResult({ result, error, isOutdated }: TrialResultProps) {
  if (error) return <ProblemNotice error={error} />;
  if (result === undefined) return null;
  const { kind, title, detail } = outcomeWords(result);
  return (
    <div className="stack" role="status">
      <Notice kind={kind} title={title}>
        {detail}
      </Notice>
      {isOutdated && <p className="hint">Something has changed since: try again.</p>}
      <ul className="clauses" aria-label="Clauses">
        {result.parts.map((part) => (
          <Clause key={`${part.line}:${part.column}:${part.length}`} text={part.text} value={part.value} />
        ))}
      </ul>
    </div>
  );
}

function Clause({ text, value }: { text: string; value: boolean | null }) {
  const { mark, word, kind } = clauseWords(value);
  return (
    <li className={`clause ${kind}`}>
      <Icon name={mark} />
      <code>{text}</code>
      <span className="small">{word}</span>
    </li>
  );
}
