import { HttpCode, SetMetadata, applyDecorators } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { z } from 'zod';
import type { Scope } from '../core/scopes.js';

export interface AnswerDefinition {
  description: string;
  schema: z.ZodType;
  example: unknown;
  /** JSON when not given. */
  mediaType?: 'text/event-stream';
}

/** Everything that the document says of one operation and that its route does not. */
export interface OperationDefinition {
  /** Unique; generated clients name their methods after it. */
  id: string;
  tag:
    | 'Webhooks'
    | 'Endpoints'
    | 'Subscriptions'
    | 'Operations'
    | 'Conditions'
    | 'Catalogue'
    | 'State'
    | 'Deliveries'
    | 'Events'
    | 'API keys'
    | 'Administration'
    | 'Service';
  summary: string;
  description?: string;
  /** Who may call it: the token that it takes. */
  access: 'developer' | 'admin' | 'anyone';
  /** What a developer's token or key must be allowed; null when any will do. Developers' operations must say it. */
  scope?: Scope | null;
  /** It may make us call a target while the caller waits, which is limited more strictly. */
  isProbe?: boolean;
  query?: z.ZodObject;
  /** Headers that a request may have besides those that every operation of its kind takes. */
  requestHeaders?: Readonly<Record<string, { description: string; example: string }>>;
  body?: {
    schema: z.ZodObject;
    examples: Readonly<Record<string, { summary: string; value: unknown }>>;
    /** No body means an empty object. */
    isOptional?: boolean;
  };
  /** Status of success and, unless it has no body, what the answer looks like. */
  status: number;
  answer?: AnswerDefinition;
  /** What a call that takes too long answers with status 202, if it does so. */
  later?: AnswerDefinition;
  /** Statuses of the problems that are particular to it, with their reasons. Those that any operation may have are added. */
  problems?: Readonly<Record<number, string>>;
  /** Headers of the success besides those that every answer has. */
  headers?: Readonly<Record<string, string>>;
  /** Whether a request with an `Idempotency-Key` runs once. */
  idempotent?: boolean;
}

/** Metadata of a route that honours `Idempotency-Key`. */
export const IDEMPOTENT = Symbol('idempotent');

/** Metadata of a route: the scope that it needs, or null. The guard lets nobody into a route without it. */
export const SCOPE = Symbol('scope');

const definitions = new Map<string, OperationDefinition>();

/**
 * Describes a route for the OpenAPI document, sets the status of its success, and says what the guard asks for. Throws
 * when a developers' operation does not say its scope.
 */
export function Operation(definition: OperationDefinition): MethodDecorator {
  if (definitions.has(definition.id)) throw new Error(`two operations are called ${definition.id}`);
  if (definition.access === 'developer' && definition.scope === undefined) {
    throw new Error(`the operation ${definition.id} does not say which scope it needs`);
  }
  definitions.set(definition.id, definition);
  return applyDecorators(
    HttpCode(definition.status),
    SetMetadata(IDEMPOTENT, definition.idempotent === true),
    SetMetadata(SCOPE, definition.scope),
    ApiOperation({ operationId: definition.id }),
  );
}

/** What was said of an operation; throws for an unknown one: every route must be described. */
export function definitionOf(operationId: string | undefined): OperationDefinition {
  const definition = definitions.get(operationId ?? '');
  if (definition === undefined) throw new Error(`no @Operation describes ${operationId}`);
  return definition;
}
