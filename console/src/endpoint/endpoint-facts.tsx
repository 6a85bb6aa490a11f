import type { ReactNode } from 'react';
import type { Endpoint } from '../api/resources.js';
import { deliveries, seconds } from '../parts/format.js';
import { Status } from '../parts/status.js';
import { useNow } from '../parts/time.js';
import { healthOf } from './endpoint-words.js';

/** Options that an endpoint need not have; what it does not have is left out. */
export function optionFacts(endpoint: Endpoint): (readonly [string, ReactNode])[] {
  const { timeoutSeconds, maxPerSecond, headers, headerPrefix, contentType, publicKey } = endpoint;
  const names = Object.entries(headers ?? {});
  return [
    ...(timeoutSeconds === null ? [] : [['Time-out', seconds(timeoutSeconds)] as const]),
    ...(maxPerSecond === null ? [] : [['At most', `${deliveries(maxPerSecond)} a second`] as const]),
    ...(contentType === 'application/json' ? [] : [['Content type', contentType] as const]),
    ...(headerPrefix === null ? [] : [['Header prefix', <code key="prefix">{headerPrefix}</code>] as const]),
    ...(names.length === 0 ? [] : [['Headers', <HeaderList key="headers" headers={names} />] as const]),
    ...(headers === null
      ? [['Headers', 'cannot be read: the key that they are encrypted with is missing'] as const]
      : []),
    ...(publicKey === null ? [] : [['Public key', <code key="key">{publicKey}</code>] as const]),
  ];
}

function HeaderList({ headers }: { headers: readonly (readonly [string, string])[] }) {
  return (
    <ul>
      {headers.map(([name, value]) => (
        <li key={name}>
          <code>
            {name}: {value}
          </code>
        </li>
      ))}
    </ul>
  );
}

/** How an endpoint is, in a word, and below it what else is to be known. */
export function HealthFact({ endpoint }: { endpoint: Endpoint }) {
  const { kind, word, detail } = healthOf(endpoint, useNow());
  return (
    <>
      <Status kind={kind}>{word}</Status>
      {detail && <p>{detail}</p>}
    </>
  );
}
