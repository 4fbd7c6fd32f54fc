/** The binary feed of the map. */
import { readCity, readLampSnapshot } from "../api/client";
import { lampStore } from "../map/lampStore";
import { LampSync } from "../map/sync";
import { seeCity } from "../state/city";
import { setFeed } from "../state/feeds";
import { chosenSite, narrowed } from "../state/site";
import { stayConnected } from "./connection";

const readCityAgain = (): void => void readCity().then(seeCity, () => undefined);

export function followMap(): () => void {
  const sync = new LampSync(lampStore, readLampSnapshot, readCityAgain);
  const connection = stayConnected(narrowed("/api/v1/map/live", chosenSite()), {
    opened: () => void sync.load(),
    received(data) {
      setFeed("map", true);
      sync.receive(data);
    },
    lost: (heard) => setFeed("map", false, heard),
  });
  return () => {
    sync.stop();
    connection.close();
  };
}
