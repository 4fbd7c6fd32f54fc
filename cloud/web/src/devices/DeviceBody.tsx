/** Newest values and the day's course of any device that is not a lamp. */
import { useState } from "react";
import { useLocale } from "../i18n/locale";
import { Loading, Problem } from "../shared/Problem";
import { DayChart } from "./DayChart";
import { ValueTable } from "./ValueTable";
import { useDevice } from "./useDevice";

interface DeviceBodyProps {
  id: string;
  /** What the chart shows first. */
  first: string;
  fromZero: boolean;
}

function QuantityChoice({ names, chosen, onChoose }: { names: string[]; chosen: string; onChoose: (name: string) => void }) {
  const { t, word } = useLocale();
  return (
    <label className="quantity-choice">
      <span>{t("chart.quantity")}</span>
      <select value={chosen} onChange={(event) => onChoose(event.target.value)}>
        {names.map((name) => (
          <option key={name} value={name}>
            {word("quantity", name)}
          </option>
        ))}
      </select>
    </label>
  );
}

export function DeviceBody({ id, first, fromZero }: DeviceBodyProps) {
  const { loaded, again, values } = useDevice(id);
  const [chosen, setChosen] = useState(first);
  if (loaded.state === "loading") return <Loading />;
  if (loaded.state === "failed") return <Problem error={loaded.error} again={again} />;
  return (
    <>
      <ValueTable latest={values} units={loaded.value.units} flags={loaded.value.flags} />
      <div className="panel-part">
        <QuantityChoice names={Object.keys(loaded.value.units)} chosen={chosen} onChoose={setChosen} />
      </div>
      <DayChart key={chosen} device={id} quantities={[chosen]} fromZero={fromZero} />
    </>
  );
}
