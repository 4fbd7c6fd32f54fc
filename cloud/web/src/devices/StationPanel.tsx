import { PanelFrame } from "../frame/PanelFrame";
import { wardName } from "../frame/wardName";
import { useLocale } from "../i18n/locale";
import { useStore } from "../shared/store";
import { city } from "../state/city";
import { DeviceBody } from "./DeviceBody";

const FIRST: Record<string, string> = { air_station: "pm2_5", water_station: "water_temperature" };

export default function StationPanel({ id }: { id: string }) {
  const { name, word, language } = useLocale();
  const place = useStore(city);
  const station = place?.stations.find((it) => it.id === id);
  return (
    <PanelFrame title={id} kind="station">
      {station === undefined ? null : (
        <p className="where">
          {name(station.name)} · {wardName(place, station.ward, language)}
          <br />
          <span className="weak">{word("kind", station.kind)}</span>
        </p>
      )}
      <DeviceBody key={id} id={id} first={FIRST[station?.kind ?? ""] ?? "pm2_5"} fromZero={station?.kind !== "water_station"} />
    </PanelFrame>
  );
}
