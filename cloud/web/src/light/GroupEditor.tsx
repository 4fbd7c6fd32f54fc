/** What a group is: its lamps, its road class and how low it may go, its output, its place among the groups. */
import { useLocale } from "../i18n/locale";
import { Choice, Field } from "../shared/Field";
import { EdgeStandings } from "./EdgeStandings";
import { FindingList } from "./FindingList";
import type { Part } from "./GroupPanel";
import { ReasonField } from "./ReasonField";
import { moveGroup, removeGroup, setGroup } from "./edit";
import { edit } from "./editor";
import { NameFields, NumberField } from "./fields";
import { findingsUnder } from "./findings";
import type { LampGroup, LampRule } from "./types";

const ROAD_CLASSES = ["M1", "M2", "M3", "M4", "M5", "M6", "A", "B1", "B2", "C1", "C2", "D1", "D2", "E"] as const;
const USES = ["road", "crossing", "tunnel", "bridge", "park", "square", "monument", "facade"] as const;
const NONE = "";

interface OptionalProps {
  name: string;
  label: string;
  value: string | null;
  none: string;
  all: readonly { value: string; word: string }[];
  onValue: (value: string | null) => void;
}

function Optional({ name, label, value, none, all, onValue }: OptionalProps) {
  return (
    <Choice name={name} label={label} value={value ?? NONE} onChange={(event) => onValue(event.target.value || null)}>
      <option value={NONE}>{none}</option>
      {all.map((it) => (
        <option key={it.value} value={it.value}>
          {it.word}
        </option>
      ))}
    </Choice>
  );
}

const CLASSES = ROAD_CLASSES.map((it) => ({ value: it, word: it }));

/** Every condition that is given has to hold. Lists and polygons are made where the lamps are: on the map. */
function Members({ part, change }: { part: Part; change: (rule: Partial<LampRule>) => void }) {
  const { t, f, name, word } = useLocale();
  const { rule } = part.group;
  const wards = (part.city?.wards ?? []).filter((ward) => ward.site === part.site);
  const areas = [{ value: `/${part.site}`, word: t("light.whole_city") }, ...wards.map((ward) => ({ value: `/${part.site}/${ward.id}`, word: name(ward.name) }))];
  return (
    <div className="field-pair">
      <Optional name="area" label={t("light.member_area")} value={rule.area} none={t("light.any")} all={areas} onValue={(area) => change({ area })} />
      <Field name="street" label={t("light.member_street")} value={rule.street ?? ""} maxLength={120} autoComplete="off" onChange={(event) => change({ street: event.target.value.trimStart() || null })} />
      <Optional name="member-class" label={t("light.member_class")} value={rule.road_class} none={t("light.any")} all={CLASSES} onValue={(road_class) => change({ road_class })} />
      <Optional name="use" label={t("light.member_use")} value={rule.use} none={t("light.any")} all={USES.map((it) => ({ value: it, word: word("light.use", it) }))} onValue={(use) => change({ use })} />
      {rule.lamps === null ? null : <p>{t("light.member_lamps", { n: f.number(rule.lamps.length) })}</p>}
      {rule.polygon === null ? null : <p>{t("light.member_polygon", { n: f.number(rule.polygon.length) })}</p>}
    </div>
  );
}

function Standing({ part }: { part: Part }) {
  const { t, f } = useLocale();
  const { standing } = part;
  if (standing === null) return null;
  const drift = standing.joined > 0 || standing.left > 0;
  return (
    <div className="group-standing">
      <p>{t("light.group_lamps", { n: f.number(standing.lamps) })}</p>
      {standing.lamps_claimed_earlier === 0 ? null : <p className="weak">{t("light.claimed_earlier", { n: f.number(standing.lamps_claimed_earlier) })}</p>}
      {drift ? <p className="notice">{t("light.drift", { joined: f.number(standing.joined), left: f.number(standing.left) })}</p> : null}
      <EdgeStandings edges={standing.edges} />
    </div>
  );
}

function Classes({ group, change }: { group: LampGroup; change: (change: Partial<LampGroup>, about?: string) => void }) {
  const { t } = useLocale();
  return (
    <>
      <div className="field-pair">
        <Optional name="road-class" label={t("light.road_class")} value={group.road_class} none={t("light.not_given")} all={CLASSES} onValue={(road_class) => change({ road_class })} />
        <Optional name="lowest-class" label={t("light.lowest_class")} value={group.lowest_class} none={t("light.not_given")} all={CLASSES} onValue={(lowest_class) => change({ lowest_class })} />
      </div>
      <ReasonField group={group} />
    </>
  );
}

function Output({ group, change }: { group: LampGroup; change: (change: Partial<LampGroup>, about?: string) => void }) {
  const { t } = useLocale();
  return (
    <>
      <NumberField name="virtual-output" label={t("light.virtual_output")} value={group.virtual_output} min={1} max={100} step="any" onValue={(virtual_output) => change({ virtual_output }, "output")} />
      <label className="check">
        <input type="checkbox" name="constant-output" checked={group.constant_output} onChange={(event) => change({ constant_output: event.target.checked })} /> {t("light.constant_output")}
      </label>
    </>
  );
}

function Priority({ part }: { part: Part }) {
  const { t, f } = useLocale();
  const { plan, group, onGone } = part;
  const at = plan.groups.indexOf(group);
  return (
    <div className="acts">
      <span>{t("light.priority", { n: f.number(at + 1), all: f.number(plan.groups.length) })}</span>
      <button type="button" disabled={at === 0} onClick={() => edit((it) => moveGroup(it, group.id, -1))}>
        {t("light.up")}
      </button>
      <button type="button" disabled={at === plan.groups.length - 1} onClick={() => edit((it) => moveGroup(it, group.id, 1))}>
        {t("light.down")}
      </button>
      <button
        type="button"
        onClick={() => {
          onGone();
          edit((it) => removeGroup(it, group.id));
        }}
      >
        {t("light.remove_group")}
      </button>
    </div>
  );
}

export function GroupEditor({ part }: { part: Part }) {
  const { t } = useLocale();
  const { group, plan } = part;
  const change = (to: Partial<LampGroup>, about?: string): void => edit((it) => setGroup(it, group.id, to), about === undefined ? null : `${about} ${group.id}`);
  return (
    <div className="editor-part">
      <NameFields key={group.id} named={group.name} onName={(name) => change({ name }, "name")} />
      <FindingList findings={findingsUnder(part.findings, "groups", plan.groups.indexOf(group))} />
      <h4>{t("light.members")}</h4>
      <Members part={part} change={(rule) => change({ rule: { ...group.rule, ...rule } }, "members")} />
      <Standing part={part} />
      <h4>{t("light.class_and_output")}</h4>
      <Classes group={group} change={change} />
      <Output group={group} change={change} />
      <h4>{t("light.order")}</h4>
      <Priority part={part} />
    </div>
  );
}
