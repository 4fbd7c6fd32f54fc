/** How many decimals of a measured quantity are worth reading. */
import type { Formats } from "./format";

/**
 * What stations measure: their float32 carries digits that nobody has measured. Those of the air are the steps in which
 * our station counts (its profile); those of the water are a choice. A quantity that is not here keeps all its digits,
 * as those of a meter do, which people compare with its display.
 */
const DIGITS: Readonly<Record<string, number>> = {
  water_temperature: 1,
  dissolved_oxygen: 2,
  turbidity: 1,
  conductivity: 0,
  ph: 2,
  redox_potential: 0,
  chlorophyll: 1,
  blue_green_algae: 1,
  dissolved_oxygen_saturation: 1,
  specific_conductivity: 0,
  salinity: 2,
  suspended_solids: 1,
  chemical_oxygen_demand: 1,
  organic_load: 1,
  ammonium: 2,
  nitrate: 2,
  depth: 2,
  water_pressure: 3,
  supply_voltage: 1,
  air_temperature: 1,
  relative_humidity: 1,
  pressure: 1,
  wind_speed: 1,
  wind_direction: 0,
  noise: 1,
  pm2_5: 0,
  pm10: 0,
  illuminance: 0,
  solar_radiation: 0,
  so2: 0,
  no2: 0,
  co: 0,
  o3: 0,
  rain: 1,
  rain_rate: 1,
  visibility: 0,
  traffic_flow: 0,
};

/** A value with the digits that make sense for what it measures. */
export function measured(f: Formats, quantity: string, value: number | null | undefined): string {
  const digits = DIGITS[quantity];
  return digits === undefined ? f.exact(value) : f.fixed(value, digits);
}
