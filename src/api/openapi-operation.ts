import { HttpCode, SetMetadata, applyDecorators } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { z } from 'zod';

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
    | 'Administration'
    | 'Service';
  summary: string;
  description?: string;
  /** Who may call it: the token that it takes. */
  access: 'developer' | 'admin' | 'anyone';
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

const definitions = new Map<string, OperationDefinition>();

/** Describes a route for the OpenAPI document, and sets the status of its success. */
export function Operation(definition: OperationDefinition): MethodDecorator {
  if (definitions.has(definition.id)) throw new Error(`two operations are called ${definition.id}`);
  definitions.set(definition.id, definition);
  return applyDecorators(
    HttpCode(definition.status),
    SetMetadata(IDEMPOTENT, definition.idempotent === true),
    ApiOperation({ operationId: definition.id }),
  );
}

/** What was said of an operation; throws for an unknown one: every route must be described. */
export function definitionOf(operationId: string | undefined): OperationDefinition {
  const definition = definitions.get(operationId ?? '');
  if (definition === undefined) throw new Error(`no @Operation describes ${operationId}`);
  return definition;
}
