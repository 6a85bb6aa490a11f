import { Injectable } from '@nestjs/common';
import type { PipeTransform } from '@nestjs/common';
import { readLicense, readLogId, readVehicle, readWebhookId } from './path.js';

/** `{id}` of a path: a UUID in canonical spelling. */
@Injectable()
export class WebhookIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    return readWebhookId(value);
  }
}

/** `{did}` of a path: a vehicle's canonical DID. */
@Injectable()
export class VehiclePipe implements PipeTransform<string, string> {
  transform(value: string): string {
    return readVehicle(value);
  }
}

/** `{license}` of a path: an address in EIP-55 spelling. */
@Injectable()
export class LicensePipe implements PipeTransform<string, string> {
  transform(value: string): string {
    return readLicense(value);
  }
}

/** `{id}` of a delivery: a UUID in canonical spelling. */
@Injectable()
export class DeliveryIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    return readLogId(value, 'delivery');
  }
}

/** `{id}` of a log event: a UUID in canonical spelling. */
@Injectable()
export class EventIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    return readLogId(value, 'event');
  }
}
