import { legOf, positionOn, type Position, type Waypoint } from './route.js';

/** What a vehicle's sensors say at one moment. */
export interface VehicleReading extends Position {
  speedKmh: number;
  odometerKm: number;
  isIgnitionOn: boolean;
  /** True in the one reading in which a harsh braking began. */
  hasBrakedHarshly: boolean;
}

/** Metres per second per second: what drivers do, and above 4 what insurers call harsh. */
const ACCELERATION = 2;
const BRAKING = 3;
const HARSH_BRAKING = 7;
const HARSH_BRAKING_SECONDS = 2;

/** Chances in a second of driving. */
const HARSH_BRAKING_CHANCE = 1 / 40;
const PARKING_CHANCE = 1 / 200;
const HARSH_BRAKING_FROM_KMH = 35;
const PARKED_SECONDS = { min: 8, max: 25 };

/** Drivers keep between these parts of the limit, each leg anew, and never quite the same speed. */
const DRIVER_FACTOR = { min: 0.85, max: 1.25 };
const UNSTEADINESS = 0.04;

const KMH_PER_METRE_PER_SECOND = 3.6;

/**
 * One vehicle that drives round a closed route: gathers speed and loses it as vehicles do, brakes harshly now and then,
 * parks with its ignition off and goes on. The same random numbers give the same drive.
 */
export class SimulatedVehicle {
  private leg: number;
  private alongKm = 0;
  private speedKmh: number;
  private odometerKm: number;
  private driverFactor: number;
  private isParking = false;
  private parkedSeconds = 0;
  private harshBrakingSeconds = 0;

  constructor(
    private readonly route: readonly Waypoint[],
    /** The waypoint to start at, already driving. */
    startAt: number,
    /** Numbers from 0 up to 1. */
    private readonly random: () => number,
    /** How much of the limit the driver takes on the first leg; as on others when not given. */
    firstFactor?: number,
  ) {
    this.leg = startAt % route.length;
    this.driverFactor = firstFactor ?? this.between(DRIVER_FACTOR);
    this.speedKmh = this.targetKmh();
    this.odometerKm = Math.round(this.between({ min: 5_000, max: 120_000 }));
  }

  /** Drives for some seconds, best not more than one, and reads the sensors. */
  drive(seconds: number): VehicleReading {
    let hasBrakedHarshly = false;
    if (this.parkedSeconds > 0) {
      this.parkedSeconds = Math.max(0, this.parkedSeconds - seconds);
    } else {
      hasBrakedHarshly = this.decide(seconds);
      this.move(seconds);
    }
    return {
      ...positionOn(this.route, this.leg, this.alongKm),
      speedKmh: this.speedKmh,
      odometerKm: this.odometerKm,
      isIgnitionOn: this.parkedSeconds === 0,
      hasBrakedHarshly,
    };
  }

  private decide(seconds: number): boolean {
    this.harshBrakingSeconds = Math.max(0, this.harshBrakingSeconds - seconds);
    if (this.random() < PARKING_CHANCE * seconds) this.isParking = true;
    const mayBrakeHarshly = this.speedKmh >= HARSH_BRAKING_FROM_KMH && this.harshBrakingSeconds === 0;
    if (!mayBrakeHarshly || this.random() >= HARSH_BRAKING_CHANCE * seconds) return false;
    this.harshBrakingSeconds = HARSH_BRAKING_SECONDS;
    return true;
  }

  private move(seconds: number): void {
    const before = this.speedKmh;
    this.speedKmh = this.nextSpeedKmh(seconds);
    const distanceKm = ((before + this.speedKmh) / 2) * (seconds / 3600);
    this.odometerKm += distanceKm;
    this.alongKm += distanceKm;
    for (let { lengthKm } = legOf(this.route, this.leg); this.alongKm >= lengthKm;) {
      this.alongKm -= lengthKm;
      this.leg = (this.leg + 1) % this.route.length;
      this.driverFactor = this.between(DRIVER_FACTOR);
      ({ lengthKm } = legOf(this.route, this.leg));
    }
    if (!this.isParking || this.speedKmh > 0) return;
    this.isParking = false;
    this.parkedSeconds = this.between(PARKED_SECONDS);
  }

  private nextSpeedKmh(seconds: number): number {
    const step = (metresPerSecond2: number) => metresPerSecond2 * KMH_PER_METRE_PER_SECOND * seconds;
    if (this.harshBrakingSeconds > 0) return Math.max(0, this.speedKmh - step(HARSH_BRAKING));
    const wanted = this.isParking ? 0 : this.targetKmh();
    return Math.min(Math.max(wanted, this.speedKmh - step(BRAKING)), this.speedKmh + step(ACCELERATION));
  }

  private targetKmh(): number {
    const unsteadiness = 1 + (this.random() * 2 - 1) * UNSTEADINESS;
    return legOf(this.route, this.leg).from.limitKmh * this.driverFactor * unsteadiness;
  }

  private between({ min, max }: { min: number; max: number }): number {
    return min + this.random() * (max - min);
  }
}
