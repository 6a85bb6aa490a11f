import type { DeliveryDetail } from '../../api/resources.js';
import { attemptWords, capitalised } from '../../delivery/failure-words.js';
import { milliseconds } from '../../parts/format.js';
import { Icon } from '../../parts/icon.js';
import { Moment } from '../../parts/time.js';
import { NextAttempt } from './next-attempt.js';

/** What the REST surface shows of a delivery's attempts. */
const ATTEMPTS_SHOWN = 50;

interface AttemptTimelineProps {
  delivery: DeliveryDetail;
  chosen: number | undefined;
  onChoose: (number: number) => void;
}

/** The attempts of a delivery, oldest first, each to be chosen, and the next one. */
export function AttemptTimeline({ delivery, chosen, onChoose }: AttemptTimelineProps) {
  const { attempts, attemptCount, nextAttemptAt } = delivery;
  if (attempts.length === 0 && nextAttemptAt === null) return <p className="muted">It was not tried.</p>;
  return (
    <>
      {attemptCount > ATTEMPTS_SHOWN && <p className="small">The latest {ATTEMPTS_SHOWN} are on record.</p>}
      <ol className="timeline">
        {attempts.map((attempt) => (
          <li key={attempt.number}>
            <button
              type="button"
              className="attempt"
              aria-pressed={attempt.number === chosen}
              onClick={() => onChoose(attempt.number)}
            >
              <span className={`dot ${attempt.outcome === 'delivered' ? 'ok' : 'bad'}`}>
                <Icon name={attempt.outcome === 'delivered' ? 'check' : 'cross'} />
              </span>
              <span className="attempt-words">
                <strong>
                  {attempt.number}. {capitalised(attemptWords(attempt))}
                </strong>
                <span className="small">
                  <Moment at={attempt.startedAt} /> · {milliseconds(attempt.durationMs)}
                </span>
              </span>
            </button>
          </li>
        ))}
        {nextAttemptAt !== null && (
          <li className="attempt next">
            <span className="dot">
              <Icon name="clock" />
            </span>
            <span className="attempt-words">
              <strong>{attemptCount + 1}. Not tried yet</strong>
              <span className="small">
                <Moment at={nextAttemptAt} /> · <NextAttempt at={nextAttemptAt} />
              </span>
            </span>
          </li>
        )}
      </ol>
    </>
  );
}
