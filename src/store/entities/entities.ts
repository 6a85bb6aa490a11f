import { EndpointLeaseEntity } from './endpoint-lease.entity.js';
import { EndpointEntity } from './endpoint.entity.js';
import { GrantEntity } from './grant.entity.js';
import { SubscriptionEntity } from './subscription.entity.js';
import { TriggerEntity } from './trigger.entity.js';

/** What the control plane maps. Classes, not globs: a glob loads a second copy of each under the test runner. */
export const ENTITIES = [TriggerEntity, EndpointEntity, EndpointLeaseEntity, SubscriptionEntity, GrantEntity];
