/** Which lamps: drawn on the map, or named. */
import { useEffect, useRef, useState } from "react";
import type { Targets } from "../api/types";
import { useLocale } from "../i18n/locale";
import { shownMap } from "../map/shownMap";
import { useAreas } from "../people/useAreas";
import { depth } from "../people/areas";
import { Choice } from "../shared/Field";
import { useStore } from "../shared/store";
import { city } from "../state/city";
import { chosenSite } from "../state/site";
import { type Drawing, draw, showDrawn } from "./drawing";
import { type Corner, WAYS, type Way, choosable, isPolygon, streetTarget } from "./targets";
import { useStreets } from "./useStreets";

interface Choosing {
  onChosen: (targets: Targets | null) => void;
}

function DrawOnMap({ onChosen }: Choosing) {
  const { t } = useLocale();
  const map = useStore(shownMap);
  const drawing = useRef<Drawing | null>(null);
  const [corners, setCorners] = useState<readonly Corner[] | null>(null);
  const [drawn, setDrawn] = useState(false);
  useEffect(
    () => () => {
      drawing.current?.leave();
      if (map !== null) showDrawn(map, []);
    },
    [map],
  );
  if (map === null) return <p className="weak">{t("group.no_map")}</p>;
  const end = (found: readonly Corner[] | null): void => {
    drawing.current = null;
    setCorners(null);
    setDrawn(found !== null);
    onChosen(found === null ? null : { polygon: found.map(([x, y]) => [x, y]) });
  };
  const begin = (): void => {
    onChosen(null);
    map.view.getCanvas().focus();
    drawing.current = draw(map, setCorners, end);
  };
  if (corners === null) {
    return (
      <button type="button" onClick={begin}>
        {t(drawn ? "group.draw_again" : "group.draw")}
      </button>
    );
  }
  return (
    <div className="drawing">
      <p role="status">{t("group.drawing", { n: corners.length })}</p>
      <div className="acts">
        <button type="button" className="primary" disabled={!isPolygon(corners)} onClick={() => drawing.current?.end()}>
          {t("group.draw_end")}
        </button>
        <button type="button" onClick={() => drawing.current?.leave()}>
          {t("group.draw_leave")}
        </button>
      </div>
    </div>
  );
}

const INDENT = "\u2003";

function ByArea({ onChosen }: Choosing) {
  const { t, f, name } = useLocale();
  const areas = choosable(useAreas());
  return (
    <Choice label={t("group.by_area")} defaultValue="" onChange={({ target }) => onChosen(target.value === "" ? null : { area: target.value })}>
      <option value="">{t("group.choose_one")}</option>
      {areas.map((area) => (
        <option key={area.path} value={area.path}>
          {INDENT.repeat(Math.max(0, depth(area.path) - 1))}
          {name(area.name)} ({f.number(area.lamps)})
        </option>
      ))}
    </Choice>
  );
}

function ByStreet({ onChosen }: Choosing) {
  const { t } = useLocale();
  const streets = useStreets();
  const choose = (typed: string): void => onChosen(streets.length === 0 || streets.includes(typed) ? streetTarget(typed, chosenSite()) : null);
  return (
    <label className="field">
      <span>{t("group.by_street")}</span>
      <input list="group-streets" autoComplete="off" maxLength={120} onChange={({ target }) => choose(target.value)} />
      <small className="weak">{t("group.street_hint")}</small>
      <datalist id="group-streets">
        {streets.map((street) => (
          <option key={street} value={street}>
            {street}
          </option>
        ))}
      </datalist>
    </label>
  );
}

function ByCabinet({ onChosen }: Choosing) {
  const { t } = useLocale();
  const cabinets = useStore(city)?.cabinets ?? [];
  return (
    <Choice label={t("group.by_cabinet")} defaultValue="" onChange={({ target }) => onChosen(target.value === "" ? null : { cabinet: target.value })}>
      <option value="">{t("group.choose_one")}</option>
      {cabinets.map((cabinet) => (
        <option key={cabinet.id} value={cabinet.id}>
          {cabinet.id} · {cabinet.street}
        </option>
      ))}
    </Choice>
  );
}

const BY: Record<Way, (choosing: Choosing) => React.ReactNode> = {
  polygon: (it) => <DrawOnMap {...it} />,
  area: (it) => <ByArea {...it} />,
  street: (it) => <ByStreet {...it} />,
  cabinet: (it) => <ByCabinet {...it} />,
};

export function ChooseLamps({ onChosen }: Choosing) {
  const { t } = useLocale();
  const map = useStore(shownMap);
  const [wanted, setWanted] = useState<Way | null>(null);
  const way = wanted ?? (map === null ? "area" : "polygon");
  const go = (to: Way): void => {
    onChosen(null);
    setWanted(to);
  };
  return (
    <section className="panel-part choose-lamps">
      <fieldset className="minutes ways">
        <legend>{t("group.by")}</legend>
        {WAYS.map((it) => (
          <label key={it}>
            <input type="radio" name="way" checked={it === way} onChange={() => go(it)} />
            <span>{t(`group.by_${it}`)}</span>
          </label>
        ))}
      </fieldset>
      {BY[way]({ onChosen })}
    </section>
  );
}
