import type { Schema } from '@tripline/client';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import type { DeliveryDetail, Endpoint } from '../../api/resources.js';
import { attemptWords, capitalised } from '../../delivery/failure-words.js';
import { pretty } from '../../delivery/pretty.js';
import { CodeBlock } from '../../parts/code.js';
import { milliseconds } from '../../parts/format.js';
import { CopyCurl } from './copy-curl.js';
import { HeaderTable } from './header-table.js';
import { isExact, sentBody } from './sent-body.js';
import { SignatureCheck } from './signature-check.js';

export type Attempt = Schema<'Attempt'>;

interface AttemptDetailProps {
  delivery: DeliveryDetail;
  /** Undefined before the first. */
  attempt: Attempt | undefined;
  endpoint: Endpoint | undefined;
}

/** Request, response, payload and signature of one attempt. */
export function AttemptDetail({ delivery, attempt, endpoint }: AttemptDetailProps) {
  const { payload } = delivery;
  const body = payload && bodyOf(delivery, endpoint);
  return (
    <Tabs defaultSelectedKey={attempt ? 'request' : 'payload'}>
      <TabList aria-label="Parts of the attempt" className="tabs">
        {attempt && (
          <Tab id="request" className="tab">
            Request
          </Tab>
        )}
        {attempt && (
          <Tab id="response" className="tab">
            Response
          </Tab>
        )}
        <Tab id="payload" className="tab">
          Payload
        </Tab>
        {attempt && (
          <Tab id="signature" className="tab">
            Signature
          </Tab>
        )}
      </TabList>
      {attempt && (
        <TabPanel id="request" className="tab-panel stack">
          <Request attempt={attempt} url={endpoint?.url} body={body ?? undefined} />
        </TabPanel>
      )}
      {attempt && (
        <TabPanel id="response" className="tab-panel stack">
          <Response attempt={attempt} />
        </TabPanel>
      )}
      <TabPanel id="payload" className="tab-panel stack">
        {payload ? <CodeBlock label="Payload" text={pretty(payload)} /> : <Gone />}
      </TabPanel>
      {attempt && (
        <TabPanel id="signature" className="tab-panel stack">
          {body ? (
            <SignatureCheck
              attempt={attempt}
              delivery={delivery}
              endpoint={endpoint}
              body={body}
              isExact={isExact(payload)}
            />
          ) : (
            <Gone />
          )}
        </TabPanel>
      )}
    </Tabs>
  );
}

/** As it was sent; the endpoint may have another profile meanwhile. */
function bodyOf({ eventId, eventType, payload }: DeliveryDetail, endpoint: Endpoint | undefined): string {
  return sentBody({ eventId, eventType: eventType ?? '', payload: payload! }, endpoint?.profile ?? 'standard');
}

function Gone() {
  return <p className="muted">The event is no longer on record, and its payload with it.</p>;
}

function Request({ attempt, url, body }: { attempt: Attempt; url: string | undefined; body: string | undefined }) {
  const headers = attempt.requestHeaders;
  return (
    <>
      <p className="request-line">
        <code>POST {url ?? 'to an endpoint that was deleted'}</code>
      </p>
      {headers ? <HeaderTable label="Headers of the request" headers={headers} /> : <p>No headers are on record.</p>}
      {body === undefined ? <Gone /> : <CodeBlock label="Body" text={body} />}
      {url !== undefined && body !== undefined && <CopyCurl request={{ url, headers: headers ?? {}, body }} />}
    </>
  );
}

function Response({ attempt }: { attempt: Attempt }) {
  const { statusCode, responseHeaders, responseBody, truncated, durationMs } = attempt;
  if (statusCode === null) {
    return (
      <p>
        {capitalised(attemptWords(attempt))} after {milliseconds(durationMs)}. There was no response.
        {attempt.error && <small> {attempt.error}</small>}
      </p>
    );
  }
  return (
    <>
      <p>
        <strong>{statusCode}</strong> in {milliseconds(durationMs)}
      </p>
      {responseHeaders && <HeaderTable label="Headers of the response" headers={responseHeaders} />}
      {responseBody ? (
        <CodeBlock label={truncated ? 'Body, its beginning' : 'Body'} text={pretty(responseBody)} />
      ) : (
        <p className="muted">The body is empty.</p>
      )}
      {truncated && <p className="small">The response was longer than the 16 KiB that are kept.</p>}
    </>
  );
}
