/** What a developer needs to know after a start. */
export interface Welcome {
  apiUrl: string;
  hasConsole: boolean;
  monitoringUrl: string;
  databaseUrl: string | undefined;
  brokers: string;
  dataDir: string;
  logFile: string;
  license: string | undefined;
  developerToken: string | undefined;
  adminToken: string;
  /** Without the demo, its target and vehicles have to be the developer's own. */
  demo: { target: { url: string; verificationToken: string }; vehicles: readonly string[] } | undefined;
  noDemoReason: string | undefined;
}

const OWN_TARGET = { url: 'https://example.com/webhook', verificationToken: 'what that URL answers' };
const OWN_VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345';

/** The lines that are printed when everything is up: addresses, tokens, and commands to paste. */
export function welcomeLines(welcome: Welcome): string[] {
  const { apiUrl, hasConsole, monitoringUrl, databaseUrl, brokers, dataDir, logFile } = welcome;
  return [
    '',
    'Tripline is ready.',
    '',
    ...(hasConsole ? [`  Console      ${apiUrl}/console`] : []),
    `  API          ${apiUrl}`,
    `  OpenAPI      ${apiUrl}/swagger`,
    `  Monitoring   ${monitoringUrl}/ready  ${monitoringUrl}/metrics`,
    `  PostgreSQL   ${databaseUrl ?? 'yours'}`,
    `  Kafka        ${brokers}`,
    `  Data         ${dataDir}`,
    `  Log          ${logFile} (warnings are shown here)`,
    '',
    ...tokenLines(welcome),
    ...(welcome.developerToken ? commandLines(welcome) : []),
    ...demoLines(welcome),
  ];
}

function tokenLines({ developerToken, adminToken, license }: Welcome): string[] {
  const developer = developerToken
    ? [
        `A developer's token (license ${license}, for a week) and the operator's:`,
        '',
        `  export TOKEN=${developerToken}`,
      ]
    : ["The operator's token (developers' come from your issuer):", ''];
  return [...developer, `  export ADMIN_TOKEN=${adminToken}`, ''];
}

function commandLines({ apiUrl, license, demo }: Welcome): string[] {
  const { url, verificationToken } = demo?.target ?? OWN_TARGET;
  const vehicle = demo?.vehicles[0] ?? OWN_VEHICLE;
  const webhook = {
    service: 'telemetry.signals',
    metricName: 'speed',
    condition: 'value > 30',
    coolDownPeriod: 10,
    displayName: 'My webhook',
    status: 'enabled',
    targetURL: url,
    verificationToken,
  };
  const grant = [
    `  curl -X PUT ${apiUrl}/v1/admin/grants/${license}/${vehicle} \\`,
    `    -H "Authorization: Bearer $ADMIN_TOKEN" -H 'Content-Type: application/json' \\`,
    `    -d '{"permissions":["privilege:GetNonLocationHistory","privilege:GetLocationHistory"]}'`,
  ];
  return [
    demo
      ? 'A webhook of your own on one of the vehicles below:'
      : 'A webhook on a vehicle, with an HTTPS endpoint of yours:',
    '',
    ...(demo ? [] : grant),
    `  WEBHOOK=$(curl -sS -X POST ${apiUrl}/v1/webhooks \\`,
    `    -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\`,
    `    -d '${JSON.stringify(webhook)}' \\`,
    `    | tee /dev/stderr | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')`,
    `  curl -X POST "${apiUrl}/v1/webhooks/$WEBHOOK/subscribe/${vehicle}" -H "Authorization: Bearer $TOKEN"`,
    '',
  ];
}

function demoLines({ demo, noDemoReason }: Welcome): string[] {
  if (demo)
    return [`${demo.vehicles.length} vehicles are driving. What fires arrives here; Ctrl-C ends everything.`, ''];
  return [...(noDemoReason ? [`The demo is left out: ${noDemoReason}.`] : []), 'Ctrl-C ends everything.', ''];
}
