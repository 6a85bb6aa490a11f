import { Controller, Get, Headers, Query, Req, Res, UseGuards } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import type { Request, Response } from 'express';
import { parseFeedCursor } from '../../store/feed-cursor.js';
import type { FeedCursor } from '../../store/feed-cursor.js';
import { Authenticator, authorizationOf } from '../authenticator.js';
import type { KnownCaller } from '../caller.js';
import { Caller, DeveloperGuard } from '../developer.guard.js';
import { readEventNames } from '../events/event-names.js';
import { refuseField } from '../fields.js';
import { Operation } from '../openapi-operation.js';
import { openStream, STREAM_EVENT_NAMES, streamQuery } from './stream-operations.js';
import type { StreamQuery } from './stream-operations.js';
import { Streams } from './streams.js';

/** What happens, as it happens. */
@Controller('v1/stream')
@UseGuards(DeveloperGuard)
export class StreamController implements OnModuleDestroy {
  constructor(
    private readonly streams: Streams,
    private readonly authenticator: Authenticator,
  ) {}

  @Get()
  @Operation(openStream)
  async open(
    @Caller() caller: KnownCaller,
    @Query({ schema: streamQuery }) { type, webhookId, vehicle }: StreamQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { license, keyId, requestId, endsAtMs } = caller;
    const names = new Set(readEventNames(type, STREAM_EVENT_NAMES));
    const check = () => this.authenticator.developer(authorizationOf(request), requestId);
    const after = readCursor(lastEventId);
    const filter = { names, webhookId, vehicle };
    await this.streams.serve({ license, keyId, endsAtMs, filter, after, check }, response);
  }

  /** Streams would keep the server from closing. */
  async onModuleDestroy(): Promise<void> {
    await this.streams.close();
  }
}

function readCursor(text: string | undefined): FeedCursor | undefined {
  if (text === undefined || text === '') return undefined;
  return (
    parseFeedCursor(text) ?? refuseField('Last-Event-ID', 'Last-Event-ID must be the id of an event of this stream')
  );
}
