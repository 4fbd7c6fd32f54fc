/** A city's lamps: as rows for searching and editing (also for machines that cannot draw the map), as groups, as files. */
import { useState } from "react";
import type { Me } from "../api/types";
import { FilesTab } from "../fleet/FilesTab";
import { OneSiteChoice, useOneSite } from "../frame/OneSite";
import "../i18n/fleet";
import "../i18n/light";
import { useLocale } from "../i18n/locale";
import { useStore } from "../shared/store";
import { may, session } from "../state/session";
import "../styles/people.css";
import "../styles/fleet.css";
import { GroupsTab } from "./GroupsTab";
import { LampsTab } from "./LampsTab";

const TABS = ["lamps", "groups", "files"] as const;
type Tab = (typeof TABS)[number];

function Tabs({ tabs, tab, onTab }: { tabs: readonly Tab[]; tab: Tab; onTab: (tab: Tab) => void }) {
  const { t } = useLocale();
  return (
    <div className="tabs" role="group" aria-label={t("lamps.tabs")}>
      {tabs.map((it) => (
        <button key={it} type="button" aria-pressed={it === tab} onClick={() => onTab(it)}>
          {t(`lamps_tab.${it}`)}
        </button>
      ))}
    </div>
  );
}

function Opened({ tab, site }: { tab: Tab; site: string | null }) {
  if (tab === "lamps" || site === null) return <LampsTab />;
  return tab === "groups" ? <GroupsTab key={site} site={site} /> : <FilesTab key={site} site={site} />;
}

function useTabs(): readonly Tab[] {
  const mayManage = may(useStore(session), "fleet.manage");
  return TABS.filter((tab) => tab !== "files" || mayManage);
}

export default function LampsPage({ notice }: { notice?: string }) {
  const { t } = useLocale();
  const current = useStore(session);
  const me: Me | null = current.state === "in" ? current.me : null;
  const site = useOneSite(me);
  const [tab, setTab] = useState<Tab>("lamps");
  const tabs = useTabs();
  return (
    <section className="page lamps-page" aria-labelledby="lamps-title">
      <header>
        <h2 id="lamps-title">{t("lamps.title")}</h2>
        <Tabs tabs={tabs} tab={tab} onTab={setTab} />
        {tab === "lamps" || me === null || site === null ? null : <OneSiteChoice me={me} site={site} />}
      </header>
      {notice === undefined ? null : <p className="notice">{notice}</p>}
      <Opened tab={tab} site={site} />
    </section>
  );
}
