import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  parseSearchWith,
  stringifySearchWith,
  useRouter,
} from '@tanstack/react-router';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { readDeliverySearch, readWebhookDeliverySearch } from './pages/deliveries/delivery-search.js';
import { readEventSearch } from './pages/events/event-search.js';
import { SignInPage } from './pages/sign-in/sign-in-page.js';
import { LinkButton, Button } from './parts/button.js';
import { Waiting } from './parts/loaded.js';
import { Notice } from './parts/notice.js';
import { Page } from './parts/page.js';
import { texts } from './search.js';
import { Brand } from './shell/brand.js';
import { Shell } from './shell/shell.js';

const root = createRootRoute({ component: Outlet, notFoundComponent: Nowhere });
const signIn = createRoute({ getParentRoute: () => root, path: '/sign-in', component: SignInPage });
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/',
  validateSearch: texts('range'),
  component: lazyRouteComponent(() => import('./pages/overview/overview-page.js'), 'OverviewPage'),
});
const webhooks = createRoute({
  getParentRoute: () => shell,
  path: '/webhooks',
  validateSearch: texts('status', 'search'),
  component: lazyRouteComponent(() => import('./pages/webhooks/webhooks-page.js'), 'WebhooksPage'),
});
const newWebhook = createRoute({
  getParentRoute: () => shell,
  path: '/webhooks/new',
  validateSearch: texts('from', 'metric', 'endpoint'),
  component: lazyRouteComponent(() => import('./pages/editor/new-webhook-page.js'), 'NewWebhookPage'),
});
const webhook = createRoute({
  getParentRoute: () => shell,
  path: '/webhooks/$id',
  component: lazyRouteComponent(() => import('./pages/webhooks/webhook-layout.js'), 'WebhookLayout'),
});
const webhookOverview = createRoute({
  getParentRoute: () => webhook,
  path: '/',
  validateSearch: texts('range'),
  component: lazyRouteComponent(() => import('./pages/webhooks/webhook-page.js'), 'WebhookPage'),
});
const editWebhook = createRoute({
  getParentRoute: () => webhook,
  path: '/edit',
  component: lazyRouteComponent(() => import('./pages/editor/edit-webhook-page.js'), 'EditWebhookPage'),
});
const vehicles = createRoute({
  getParentRoute: () => webhook,
  path: '/vehicles',
  validateSearch: texts('search', 'vehicle'),
  component: lazyRouteComponent(() => import('./pages/vehicles/vehicles-page.js'), 'VehiclesPage'),
});
const webhookDeliveries = createRoute({
  getParentRoute: () => webhook,
  path: '/deliveries',
  validateSearch: readWebhookDeliverySearch,
  component: lazyRouteComponent(() => import('./pages/deliveries/webhook-deliveries-page.js'), 'WebhookDeliveriesPage'),
});
const secret = createRoute({
  getParentRoute: () => webhook,
  path: '/secret',
  component: lazyRouteComponent(() => import('./pages/secret/secret-page.js'), 'SecretPage'),
});
const deliveries = createRoute({
  getParentRoute: () => shell,
  path: '/deliveries',
  validateSearch: readDeliverySearch,
  component: lazyRouteComponent(() => import('./pages/deliveries/deliveries-page.js'), 'DeliveriesPage'),
});
const delivery = createRoute({
  getParentRoute: () => shell,
  path: '/deliveries/$id',
  component: lazyRouteComponent(() => import('./pages/deliveries/delivery-page.js'), 'DeliveryPage'),
});
const live = createRoute({
  getParentRoute: () => shell,
  path: '/live',
  validateSearch: texts('type', 'webhook', 'vehicle'),
  component: lazyRouteComponent(() => import('./pages/live/live-page.js'), 'LivePage'),
});
const events = createRoute({
  getParentRoute: () => shell,
  path: '/events',
  validateSearch: readEventSearch,
  component: lazyRouteComponent(() => import('./pages/events/events-page.js'), 'EventsPage'),
});
const event = createRoute({
  getParentRoute: () => shell,
  path: '/events/$id',
  component: lazyRouteComponent(() => import('./pages/events/event-page.js'), 'EventPage'),
});
const endpoints = createRoute({
  getParentRoute: () => shell,
  path: '/endpoints',
  component: lazyRouteComponent(() => import('./pages/endpoints/endpoints-page.js'), 'EndpointsPage'),
});
const endpoint = createRoute({
  getParentRoute: () => shell,
  path: '/endpoints/$id',
  component: lazyRouteComponent(() => import('./pages/endpoints/endpoint-page.js'), 'EndpointPage'),
});
const keys = createRoute({
  getParentRoute: () => shell,
  path: '/keys',
  validateSearch: texts('key'),
  component: lazyRouteComponent(() => import('./pages/keys/keys-page.js'), 'KeysPage'),
});
const operation = createRoute({
  getParentRoute: () => shell,
  path: '/operations/$id',
  validateSearch: texts('webhook'),
  component: lazyRouteComponent(() => import('./pages/operations/operation-page.js'), 'OperationPage'),
});

/** Every page and its address; pages are loaded when they are gone to, or pointed at. */
export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    shell.addChildren([
      overview,
      webhooks,
      newWebhook,
      webhook.addChildren([webhookOverview, editWebhook, vehicles, webhookDeliveries, secret]),
      deliveries,
      delivery,
      live,
      events,
      event,
      endpoints,
      endpoint,
      keys,
      operation,
    ]),
  ]),
  basepath: '/console',
  // Texts as they are: a JSON in an address would be another type, and long numbers would lose digits.
  parseSearch: parseSearchWith((text) => text),
  stringifySearch: stringifySearchWith(String),
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultPendingComponent: () => <Waiting height={240} />,
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: Broken,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

/** Where not even the beginning of the address is a page's. */
function Nowhere() {
  return (
    <main className="sign-in">
      <Brand />
      <Page title="There is no such page" intro="The address may be mistyped, or from another version.">
        <div>
          <LinkButton to="/">Go to the overview</LinkButton>
        </div>
      </Page>
    </main>
  );
}

/** Below a page that there is. */
function NotFound() {
  return (
    <Page title="There is no such page" actions={<LinkButton to="/">Go to the overview</LinkButton>}>
      <p>The address may be mistyped, or from another version.</p>
    </Page>
  );
}

/** What nobody has thought of: a page that could not be loaded, above all after the server was exchanged. */
function Broken({ error }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <Page title="This page could not be shown">
      <Notice
        kind="bad"
        isSpoken
        title="It could not be loaded, or broke."
        actions={
          <>
            <Button onPress={() => location.reload()}>Load it anew</Button>
            <Button onPress={() => void router.invalidate()}>Try again</Button>
          </>
        }
      >
        {error instanceof Error ? error.message : String(error)}
      </Notice>
    </Page>
  );
}
