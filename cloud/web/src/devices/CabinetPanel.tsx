/** A cabinet and its meters. A meter's digits stand as the device gives them: people compare them with its display. */
import { PanelFrame } from "../frame/PanelFrame";
import { wardName } from "../frame/wardName";
import { useLocale } from "../i18n/locale";
import { useStore } from "../shared/store";
import { city } from "../state/city";
import { overview } from "../state/overview";
import { DeviceBody } from "./DeviceBody";

function EdgeOf({ edge }: { edge: string }) {
  const { t, word } = useLocale();
  const state = useStore(overview)?.edges.items.find((it) => it.id === edge)?.state ?? "unknown";
  return <span className="weak">{t("cabinet.edge", { edge, state: word("edge_state", state) })}</span>;
}

function Meter({ id }: { id: string }) {
  const { t } = useLocale();
  return (
    <>
      <h3 className="panel-part">{t("cabinet.meter", { id })}</h3>
      <DeviceBody id={id} first="active_power" fromZero />
    </>
  );
}

export default function CabinetPanel({ id }: { id: string }) {
  const { t, language } = useLocale();
  const place = useStore(city);
  const cabinet = place?.cabinets.find((it) => it.id === id);
  return (
    <PanelFrame title={id} kind="cabinet">
      {cabinet === undefined ? null : (
        <p className="where">
          {cabinet.street} · {wardName(place, cabinet.ward, language)}
          <br />
          <EdgeOf edge={cabinet.edge} />
        </p>
      )}
      {place !== null && cabinet === undefined ? <p className="panel-part empty">{t("problem.not_found")}</p> : null}
      {cabinet?.meters.length === 0 ? <p className="panel-part empty">{t("cabinet.no_meter")}</p> : null}
      {cabinet?.meters.map((meter) => (
        <Meter key={meter} id={meter} />
      ))}
    </PanelFrame>
  );
}
