/** Brings the texts about commands to many lamps and about what is held; whoever shows one of them imports this. */
import { addTexts } from "./dictionary";
import en from "./group.en.json";
import vi from "./group.vi.json";

addTexts({ vi, en });
