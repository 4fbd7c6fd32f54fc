/** The JSON feed: overview, alarms, commands to one lamp and to many, consents, and the live values of watched devices. */
import { readCity } from "../api/client";
import type { LiveMessage } from "../api/types";
import { learnAlarm, loadAlarms } from "../state/alarms";
import { seeCity } from "../state/city";
import { learnCommand } from "../state/commands";
import { hearConsent, loadConsents } from "../state/consents";
import { setFeed } from "../state/feeds";
import { learnGroup } from "../state/groups";
import { seeLatest, watched } from "../state/latest";
import { loadOverview, seeOverview } from "../state/overview";
import { chosenSite, narrowed } from "../state/site";
import { stayConnected } from "./connection";

function take(message: LiveMessage): void {
  switch (message.type) {
    case "overview":
      return seeOverview(message);
    case "alarm":
      return learnAlarm(message.alarm);
    case "command":
      return learnCommand(message.command);
    case "group":
      return learnGroup(message.group, message.states);
    case "consent":
      return hearConsent(message.consent);
    case "latest":
      return seeLatest(message);
    default:
      return undefined; // a newer service may say more than we know
  }
}

const subscription = (): string => JSON.stringify({ subscribe: [...new Set(watched.get())] });

/** What was said while nobody listened; a failure shows as an old figure and the next message mends it. */
function catchUp(): void {
  Promise.all([readCity().then(seeCity), loadOverview(), loadAlarms(), loadConsents()]).catch(() => undefined);
}

export function followEvents(): () => void {
  catchUp();
  const connection = stayConnected(narrowed("/api/v1/live", chosenSite()), {
    opened(send) {
      send(subscription());
      catchUp();
    },
    received(data) {
      setFeed("events", true);
      if (typeof data === "string") take(JSON.parse(data) as LiveMessage);
    },
    lost: (heard) => setFeed("events", false, heard),
  });
  const unwatch = watched.subscribe(() => connection.send(subscription()));
  return () => {
    unwatch();
    connection.close();
  };
}
