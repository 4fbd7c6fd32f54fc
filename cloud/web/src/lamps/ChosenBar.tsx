/** What may be done with the lamps that are chosen. */
import { type ReactNode, useState } from "react";
import type { Luminaire } from "../api/types";
import { useLocale } from "../i18n/locale";
import { Problem } from "../shared/Problem";
import { go, openPanel } from "../shared/route";
import { useStore } from "../shared/store";
import { useAct } from "../shared/useAct";
import { mark } from "../state/choice";
import { city } from "../state/city";
import { may, session } from "../state/session";
import { givenTargets } from "../group/given";
import { EditDialog } from "./EditDialog";
import { LabelsDialog } from "./LabelsDialog";
import { NONE, chosenLamps, siteOf, withThese } from "./chosen";
import type { Parts } from "./parts";

function ChooseAll({ parts, total }: { parts: Parts; total: number }) {
  const { t, f } = useLocale();
  const [heard, setHeard] = useState(0);
  const { busy, problem, act } = useAct();
  const all = async (): Promise<void> => {
    setHeard(0);
    const lamps = await parts.all({ first: 0, end: total }, setHeard);
    chosenLamps.set(withThese(NONE, lamps));
  };
  return (
    <>
      <button type="button" disabled={busy || total === 0} onClick={() => act(all)}>
        {busy ? t("lamps.choosing", { n: f.number(heard), total: f.number(total) }) : t("lamps.choose_all", { n: f.number(total) })}
      </button>
      {problem === null ? null : <Problem error={problem} />}
    </>
  );
}

type What = "edit" | "labels";

/** Files and labels are a city's: whoever has chosen lamps of two is told so. */
function OfOneCity({ onOpen, mayEdit, oneCity }: { onOpen: (what: What) => void; mayEdit: boolean; oneCity: boolean }) {
  const { t } = useLocale();
  return (
    <>
      {mayEdit ? (
        <button type="button" disabled={!oneCity} onClick={() => onOpen("edit")}>
          {t("lamps.edit")}
        </button>
      ) : null}
      <button type="button" disabled={!oneCity} onClick={() => onOpen("labels")}>
        {t("lamps.labels")}
      </button>
      {oneCity ? null : <span className="weak">{t("lamps.one_city")}</span>}
    </>
  );
}

function Acts({ onOpen }: { onOpen: (what: What) => void }): ReactNode {
  const { t, f } = useLocale();
  const chosen = useStore(chosenLamps);
  const current = useStore(session);
  const oneCity = siteOf(chosen.values(), useStore(city)?.wards ?? []) !== null;
  const command = (): void => {
    givenTargets.set({ lamps: [...chosen.keys()] });
    openPanel("group", "new");
  };
  const show = (): void => {
    mark([...chosen.values()].map((lamp) => lamp.index), true);
    go({ view: "overview", panel: null });
  };
  return (
    <>
      <strong role="status">{t("lamps.chosen", { n: f.number(chosen.size) })}</strong>
      {may(current, "lamp.command") ? (
        <button type="button" className="primary" onClick={command}>
          {t("lamps.command")}
        </button>
      ) : null}
      <OfOneCity onOpen={onOpen} mayEdit={may(current, "fleet.manage")} oneCity={oneCity} />
      <button type="button" onClick={show}>
        {t("lamps.on_map")}
      </button>
      <button type="button" onClick={() => chosenLamps.set(NONE)}>
        {t("lamps.choose_none")}
      </button>
    </>
  );
}

/** It keeps its lamps: once the list has changed nothing is chosen any more. */
interface Open {
  what: What;
  site: string;
  lamps: readonly Luminaire[];
}

function Opened({ open: { what, ...of }, onClose }: { open: Open; onClose: () => void }) {
  return what === "labels" ? <LabelsDialog {...of} onClose={onClose} /> : <EditDialog {...of} onClose={onClose} />;
}

export function ChosenBar({ parts, total }: { parts: Parts; total: number }) {
  const chosen = useStore(chosenLamps);
  const site = siteOf(chosen.values(), useStore(city)?.wards ?? []);
  const [open, setOpen] = useState<Open | null>(null);
  const begin = (what: What): void => void (site !== null && setOpen({ what, site, lamps: [...chosen.values()] }));
  return (
    <div className="acts chosen-bar">
      {chosen.size < total ? <ChooseAll key={total} parts={parts} total={total} /> : null}
      {chosen.size === 0 ? null : <Acts onOpen={begin} />}
      {open === null ? null : <Opened open={open} onClose={() => setOpen(null)} />}
    </div>
  );
}
