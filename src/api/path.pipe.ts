import { Injectable } from '@nestjs/common';
import type { PipeTransform } from '@nestjs/common';
import { readId, readLicense, readVehicle } from './path.js';

/** `{id}` of a path: a UUID in canonical spelling. */
@Injectable()
export class WebhookIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    return readId(value, 'webhook');
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
    return readId(value, 'delivery');
  }
}

/** `{id}` of a log event: a UUID in canonical spelling. */
@Injectable()
export class EventIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    return readId(value, 'event');
  }
}

/** `{id}` of an operation: a UUID in canonical spelling. */
@Injectable()
export class OperationIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    return readId(value, 'operation');
  }
}

/** `{id}` of an API key: a UUID in canonical spelling. */
@Injectable()
export class ApiKeyIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    return readId(value, 'API key');
  }
}

/** `{id}` of an endpoint: a UUID in canonical spelling. */
@Injectable()
export class EndpointIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    return readId(value, 'endpoint');
  }
}
