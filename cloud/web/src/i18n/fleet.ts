/** Brings the texts about a city's lamps and its files; whoever shows one of them imports this. */
import { addTexts } from "./dictionary";
import en from "./fleet.en.json";
import vi from "./fleet.vi.json";

addTexts({ vi, en });
