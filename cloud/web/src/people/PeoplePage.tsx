/** Who may do what where. */
import { useState } from "react";
import { readPeople } from "../api/people";
import type { Area, Person } from "../api/types";
import "../i18n/people";
import { useLocale } from "../i18n/locale";
import { Loading, Problem } from "../shared/Problem";
import { TableScroll } from "../shared/TableScroll";
import { useStore } from "../shared/store";
import { useLoad } from "../shared/useLoad";
import { may, session } from "../state/session";
import "../styles/people.css";
import { InviteDialog } from "./InviteDialog";
import { PeopleTabs } from "./PeopleTabs";
import { PersonDialog } from "./PersonDialog";
import { useAreaName, useAreas } from "./useAreas";

const COLUMNS = ["name", "username", "grants", "standing"] as const;

function Grants({ person, areas }: { person: Person; areas: readonly Area[] }) {
  const { word } = useLocale();
  const named = useAreaName(areas);
  return (
    <ul>
      {person.grants.map((grant) => (
        <li key={`${grant.role} ${grant.area}`}>
          {word("role", grant.role)} <span className="weak">· {named(grant.area)}</span>
        </li>
      ))}
    </ul>
  );
}

interface RowProps {
  person: Person;
  areas: readonly Area[];
  onOpen: (() => void) | null;
}

function PersonRow({ person, areas, onOpen }: RowProps) {
  const { t } = useLocale();
  return (
    <tr className={person.disabled ? "disabled" : ""}>
      <th scope="row">{person.display_name}</th>
      <td>{person.username}</td>
      <td>
        <Grants person={person} areas={areas} />
      </td>
      <td className="nowrap">{t(person.disabled ? "people.is_disabled" : "people.is_enabled")}</td>
      <td className="row-acts">
        {onOpen === null ? null : (
          <button type="button" aria-label={t("people.open_one", { name: person.display_name })} onClick={onOpen}>
            {t("people.open")}
          </button>
        )}
      </td>
    </tr>
  );
}

interface TableProps {
  people: readonly Person[];
  areas: readonly Area[];
  onOpen: (username: string) => void;
}

/** Nobody changes himself, so there is nothing to open there. */
function PeopleTable({ people, areas, onOpen }: TableProps) {
  const { t } = useLocale();
  const current = useStore(session);
  const mayAct = may(current, "people.manage");
  const me = current.state === "in" ? current.me.username : null;
  return (
    <TableScroll label={t("nav.people")}>
      <table className="rows cards">
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <th key={column} scope="col">
                {t(`people.column_${column}`)}
              </th>
            ))}
            <th scope="col">{t("people.column_act")}</th>
          </tr>
        </thead>
        <tbody>
          {people.map((person) => (
            <PersonRow
              key={person.username}
              person={person}
              areas={areas}
              onOpen={mayAct && person.username !== me ? () => onOpen(person.username) : null}
            />
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

type Open = { dialog: "invite" } | { dialog: "person"; username: string } | null;

interface OpenDialogProps {
  open: Open;
  people: readonly Person[];
  areas: readonly Area[];
  onClose: () => void;
  onDone: () => void;
}

function OpenDialog({ open, people, areas, onClose, onDone }: OpenDialogProps) {
  if (open === null) return null;
  if (open.dialog === "invite") return <InviteDialog areas={areas} onClose={onClose} onDone={onDone} />;
  const person = people.find((it) => it.username === open.username);
  return person === undefined ? null : <PersonDialog person={person} areas={areas} onClose={onClose} onDone={onDone} />;
}

export default function PeoplePage() {
  const { t } = useLocale();
  const { loaded, again } = useLoad(readPeople);
  const areas = useAreas();
  const [open, setOpen] = useState<Open>(null);
  const mayInvite = may(useStore(session), "people.manage");
  const people = loaded.state === "here" ? loaded.value : [];
  return (
    <section className="page" aria-labelledby="people-title">
      <header>
        <h2 id="people-title">{t("people.title")}</h2>
        <PeopleTabs />
        {mayInvite ? (
          <button type="button" onClick={() => setOpen({ dialog: "invite" })}>
            {t("people.invite_title")}
          </button>
        ) : null}
      </header>
      {loaded.state === "loading" ? <Loading /> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} again={again} /> : null}
      {loaded.state === "here" ? <PeopleTable people={people} areas={areas} onOpen={(username) => setOpen({ dialog: "person", username })} /> : null}
      <OpenDialog open={open} people={people} areas={areas} onClose={() => setOpen(null)} onDone={again} />
    </section>
  );
}
