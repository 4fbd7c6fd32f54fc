/** Commands to many lamps, in the drawer: a new one, or how far one has come. */
import { PanelFrame } from "../frame/PanelFrame";
import "../i18n/group";
import { useLocale } from "../i18n/locale";
import "../styles/group.css";
import { GroupProgress } from "./GroupProgress";
import { NewGroup } from "./NewGroup";

const NEW = "new";

export default function GroupPanel({ id }: { id: string }) {
  const { t } = useLocale();
  return (
    <PanelFrame title={t(id === NEW ? "group.new" : "group.progress")} kind="group">
      {id === NEW ? <NewGroup /> : <GroupProgress id={id} />}
    </PanelFrame>
  );
}
