/** How the system's unit names are written for people. */

const WRITTEN: Record<string, string> = {
  degC: "°C",
  deg: "°",
  "ug/m3": "µg/m³",
  "ug/L": "µg/L",
  "uS/cm": "µS/cm",
  "W/m2": "W/m²",
};

export function written(unit: string | undefined): string {
  return unit === undefined ? "" : (WRITTEN[unit] ?? unit);
}

/** The unit of every quantity of a luminaire, whose JSON carries values alone (one unit a quantity in the whole system). */
export const LUMINAIRE_UNITS: Record<string, string> = {
  target_level: "%",
  actual_level: "%",
  programme_level: "%",
  override_level: "%",
  voltage: "V",
  current: "A",
  active_power: "W",
  power_factor: "",
  frequency: "Hz",
  active_energy: "kWh",
  lamp_hours: "h",
  switch_on_count: "",
  supply_loss_count: "",
  gear_temperature: "degC",
};
